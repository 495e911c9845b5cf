//! Why the calendar refuses.

use bareboat_base::{
    AllocationId, BlockId, ContractId, Instant, ModelId, NodeCount, PoolId, QuoteId, ReservationId,
    Shape, SiteId, TrancheId, Window,
};

bareboat_base::rejections! {
    /// Why the calendar refuses.
    pub enum Rejection in "capacity" {
        /// The site already has a pool of the model.
        PoolExists { site: SiteId, model: ModelId, pool: PoolId } => Conflict "pool_exists"
            "site {site} already has pool {pool} of model {model}" hint "use the pool that exists";
        /// No such pool.
        PoolUnknown { pool: PoolId } => NotFound "pool_unknown"
            "there is no pool {pool}" hint "open the pool of the model at the site first";
        /// No such tranche is scheduled.
        SupplyUnknown { tranche: TrancheId } => NotFound "supply_unknown"
            "tranche {tranche} is not scheduled" hint "schedule the tranche in its pool first";
        /// The tranche is already scheduled.
        SupplyScheduledAlready { tranche: TrancheId } => Conflict "supply_scheduled_already"
            "tranche {tranche} is already scheduled" hint "move it instead";
        /// The tranche belongs to another pool.
        WrongPool { tranche: TrancheId, pool: PoolId } => Conflict "wrong_pool"
            "tranche {tranche} is scheduled in pool {pool}" hint "receive it there";
        /// More nodes than the tranche still owes.
        MoreThanScheduled { tranche: TrancheId, owed: NodeCount, found: u64 } => Conflict "more_than_scheduled"
            "tranche {tranche} still owes {owed}, {found} are named" hint "receive the surplus under its own tranche";
        /// A node that is in a pool already, or named twice.
        NodeInPool { site: SiteId, number: u32 } => Conflict "node_in_pool"
            "node {number} at site {site} is in a pool already or named twice" hint "name each node once";
        /// A node that is not in the pool.
        NodeNotInPool { pool: PoolId, site: SiteId, number: u32 } => NotFound "node_not_in_pool"
            "node {number} at site {site} is not in pool {pool}" hint "name nodes that were received into the pool";
        /// A figure that must not be zero, or is beyond what is possible.
        FigureOutOfRange { what: &'static str, found: u32, least: u32, most: u32 } => Invalid "figure_out_of_range"
            "{what} is {found}; it must lie from {least} to {most}" hint "check the figure";
        /// A run of nodes that is no run.
        BadNodes { problem: String } => Invalid "bad_nodes"
            "the nodes cannot be read: {problem}" hint "name nodes by number, from 1, in runs of at least one";
        /// The option does not follow the window.
        OptionNotAdjacent { window: Window, option: Window } => Invalid "option_not_adjacent"
            "the option {option} does not begin where the window {window} ends" hint "begin the option where the window ends";
        /// Not enough nodes at some instant.
        ShortOfSupply { pool: PoolId, at: Instant, asked: NodeCount, free: NodeCount, shortfall: NodeCount, fits: NodeCount } => Conflict "short_of_supply"
            "pool {pool} has {free} free at {at}, {asked} are asked: {shortfall} short; throughout, {fits} would fit" hint "ask for fewer nodes, another window or another pool: `bareboat capacity explain` (POST /v1/capacity/explain) says which constraint bound and lists what would be held";
        /// Enough nodes at every instant, but not the same ones throughout.
        Fragmented { pool: PoolId, window: Window, asked: NodeCount, fits: NodeCount } => Conflict "fragmented"
            "pool {pool} has enough nodes at every instant of {window}, but cannot give the same {asked} throughout beside what it already promised; {fits} would fit" hint "allocate lots that begin earlier first, move planned maintenance, or take what `bareboat capacity explain` (POST /v1/capacity/explain) lists";
        /// The nodes that are free hang on more leaves than the lot allows.
        TooManyLeaves { pool: PoolId, asked: NodeCount, max_leaves: u32, needed: u32 } => Conflict "too_many_leaves"
            "{asked} of pool {pool} need at least {needed} leaves, the lot allows {max_leaves}" hint "allow more leaves, allocate when a leaf is free, or take what `bareboat capacity explain` (POST /v1/capacity/explain) lists";
        /// Enough nodes are free throughout, but do not lie as the lot asks.
        ShapeUnmet { pool: PoolId, asked: NodeCount, shape: Shape } => Conflict "shape_unmet"
            "pool {pool} has {asked} free throughout, but beside what it already promised not in the shape that the lot asks: {shape}" hint "ask for a looser shape, a count that the shape can have, or take what `bareboat capacity explain` (POST /v1/capacity/explain) lists";
        /// No such reservation.
        ReservationUnknown { reservation: ReservationId } => NotFound "reservation_unknown"
            "there is no reservation {reservation}" hint "take the reservation from its lot";
        /// The reservation has ended.
        ReservationOver { reservation: ReservationId } => Conflict "reservation_over"
            "reservation {reservation} has ended" hint "reserve again";
        /// The reservation has nodes already.
        AllocatedAlready { reservation: ReservationId, allocation: AllocationId } => Conflict "allocated_already"
            "reservation {reservation} has allocation {allocation}" hint "release that allocation first";
        /// Outside the window.
        OutsideWindow { at: Instant, window: Window } => Invalid "outside_window"
            "{at} lies outside {window}" hint "give an instant inside the window";
        /// No such allocation.
        AllocationUnknown { allocation: AllocationId } => NotFound "allocation_unknown"
            "there is no allocation {allocation}" hint "take the allocation from its reservation";
        /// The allocation was released.
        ReleasedAlready { allocation: AllocationId } => Conflict "released_already"
            "allocation {allocation} was released" hint "nothing is left to do";
        /// The reservation has no option open.
        NoOption { reservation: ReservationId } => Conflict "no_option"
            "reservation {reservation} has no open option" hint "reserve the further window instead";
        /// All nodes of the tranche have names.
        NothingOwed { tranche: TrancheId } => Conflict "nothing_owed"
            "all nodes of tranche {tranche} were received" hint "nothing is left to move";
        /// Enough nodes are free, but too few of them are ready.
        TooFewReady { pool: PoolId, at: Instant, asked: NodeCount, ready: NodeCount } => Conflict "too_few_ready"
            "pool {pool} has enough free nodes at {at}, but only {ready} of the {asked} asked are ready" hint "bring the nodes through validation, then allocate";
        /// Too few nodes were received, or are free, at the beginning.
        TooFewNamed { pool: PoolId, at: Instant, asked: NodeCount, named: NodeCount } => Conflict "too_few_named"
            "pool {pool} has {named} received and free at {at}, {asked} are asked" hint "receive the tranche that the lot waits for, then allocate";
        /// The nodes were handed over.
        HandedOver { allocation: AllocationId } => Conflict "handed_over"
            "the nodes of allocation {allocation} were handed over" hint "nothing is left to do";
        /// The node is not the allocation's, or no longer.
        NodeNotAllocated { allocation: AllocationId, number: u32 } => NotFound "node_not_allocated"
            "node {number} is not of allocation {allocation}" hint "name a node that the allocation has now";
        /// No spare can take the node's place.
        NoSpare { pool: PoolId, number: u32, at: Instant, tried: NodeCount } => Conflict "no_spare"
            "pool {pool} has no spare for node {number}: in its hall, {tried} ready ones are free from {at} to the allocation's end, and none can take its place" hint "bring a node of the hall through validation, allow the lot more leaves, or free capacity of the hall";
        /// The node is not out of supply then.
        NotUnavailable { pool: PoolId, number: u32, at: Instant } => Conflict "not_unavailable"
            "node {number} of pool {pool} is not out of supply at {at}" hint "name nodes that are out of supply at the instant they come back";
        /// The end lies before nodes of the reservation were freed.
        EndsBeforeRelease { at: Instant, released_at: Instant } => Conflict "ends_before_release"
            "the reservation would end at {at}, but its nodes were kept until {released_at}" hint "end it at that instant or later";
        /// What the option holds was sold to others.
        OptionNotCovered { reservation: ReservationId, at: Instant, nodes: NodeCount, free: NodeCount } => Conflict "option_not_covered"
            "the option of reservation {reservation} cannot be honoured: of its {nodes}, {free} are left at {at}; the rest was sold or quoted to others" hint "read the pool's exposure; withdraw quotes, or bring supply forward";
        /// The nodes that an option would go on with are another's by then.
        OptionNodesNamed { reservation: ReservationId, from: Instant } => Conflict "option_nodes_named"
            "the option of reservation {reservation} cannot be honoured on its nodes: some are named for another lot from {from}" hint "release the allocation and name other nodes, then exercise";
        /// An option that would take nodes that others were promised.
        OptionBreaksOthers { pool: PoolId } => Conflict "option_breaks_others"
            "pool {pool} has the count, but other reservations would lose their nodes" hint "name nodes that are free through the option, then exercise";
        /// Options were sold over.
        OptionsOversold { pool: PoolId, reservation: ReservationId, at: Instant } => Conflict "options_oversold"
            "pool {pool} cannot honour the option of reservation {reservation} at {at}, were all exercised" hint "read the pool's exposure; let options lapse or bring supply forward, then go back to strict";
        /// No such quote.
        QuoteUnknown { quote: QuoteId } => NotFound "quote_unknown"
            "there is no quote {quote}" hint "take the quote from its contract";
        /// The quote is no longer open.
        QuoteOver { quote: QuoteId, status: &'static str } => Conflict "quote_over"
            "quote {quote} is {status}" hint "quote the contract again";
        /// The contract has an open quote.
        QuoteOpen { contract: ContractId, quote: QuoteId } => Conflict "quote_open"
            "contract {contract} has open quote {quote}" hint "withdraw that quote first";
        /// A quote that would hold nothing.
        QuoteEmpty { contract: ContractId } => Invalid "quote_empty"
            "contract {contract} has nothing to hold" hint "quote a contract with at least one lot";
        /// A quote that would have expired when it is made.
        QuoteExpiryPast { expires_at: Instant, now: Instant } => Invalid "quote_expiry_past"
            "the quote would expire at {expires_at}, and it is {now}" hint "let it expire later than now";
        /// No part of the fabric has so many nodes of the allocation left.
        BlockDoesNotFit { allocation: AllocationId, within: &'static str, asked: NodeCount, largest: NodeCount, free: NodeCount } => Conflict "block_does_not_fit"
            "allocation {allocation} has no {within} with {asked} left that are fit for work and in no block: the largest block there could be has {largest}, of {free} left in all" hint "ask for fewer nodes or within a wider part of the fabric, or release a block";
        /// Nodes that were named ahead, and are not the lot's yet.
        NotHandedOver { allocation: AllocationId } => Conflict "not_handed_over"
            "the nodes of allocation {allocation} were named ahead and are not handed over" hint "wait until `bareboat lot allocate` hands them over";
        /// No such block.
        BlockUnknown { block: BlockId } => NotFound "block_unknown"
            "there is no block {block}" hint "take the block from the list of blocks";
        /// The block has ended.
        BlockOver { block: BlockId, at: Instant } => Conflict "block_over"
            "block {block} ended at {at}" hint "nothing is left to do";
    }
}
