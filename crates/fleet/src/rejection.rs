//! Why the fleet refuses.

use bareboat_base::{
    Code, Date, HallId, Instant, ModelId, Name, NodeCount, PurchaseOrderId, SiteId, TrancheId,
};

use crate::Phase;

bareboat_base::rejections! {
    /// Why the fleet refuses.
    pub enum Rejection in "fleet" {
        /// Another model has the code.
        ModelCodeTaken { code: Code } => Conflict "model_code_taken"
            "model code {code} is already used" hint "choose another code, or use the model that has it";
        /// Another site has the code.
        SiteCodeTaken { code: Code } => Conflict "site_code_taken"
            "site code {code} is already used" hint "choose another code, or use the site that has it";
        /// Another hall of the site has the code.
        HallCodeTaken { code: Code } => Conflict "hall_code_taken"
            "the site already has a hall {code}" hint "choose another code, or use the hall that has it";
        /// The supplier's order with this reference is already recorded.
        OrderReferenceTaken { supplier: Name, reference: Code, order: PurchaseOrderId } => Conflict "order_reference_taken"
            "{supplier} already has an order {reference}: {order}" hint "an order is recorded once; check its reference";
        /// No such model.
        ModelUnknown { model: ModelId } => NotFound "model_unknown"
            "there is no model {model}" hint "register the model first";
        /// No such site.
        SiteUnknown { site: SiteId } => NotFound "site_unknown"
            "there is no site {site}" hint "register the site first";
        /// No such hall.
        HallUnknown { hall: HallId } => NotFound "hall_unknown"
            "there is no hall {hall} at the site" hint "add the hall to the site that the order is for";
        /// No such tranche.
        TrancheUnknown { tranche: TrancheId } => NotFound "tranche_unknown"
            "there is no tranche {tranche}" hint "take the tranche from its purchase order";
        /// No such node.
        NodeUnknown { site: SiteId, number: u32 } => NotFound "node_unknown"
            "there is no node {number} at site {site}" hint "name nodes that were received at the site";
        /// A number that must not be zero, or is beyond what is possible.
        FigureOutOfRange { what: &'static str, found: u32, least: u32, most: u32 } => Invalid "figure_out_of_range"
            "{what} is {found}; it must lie from {least} to {most}" hint "check the figure and its unit";
        /// A price that is not positive.
        PriceNotPositive { price: bareboat_base::Money } => Invalid "price_not_positive"
            "the price is {price}" hint "give the price of the whole order";
        /// The tranches do not add up to the order.
        TranchesDoNotAddUp { ordered: NodeCount, in_tranches: u64 } => Invalid "tranches_do_not_add_up"
            "the order is for {ordered}, its tranches hold {in_tranches}" hint "give tranches that add up to the order";
        /// No tranche owed to the hall comes earlier than is said.
        NothingDelayed { hall: HallId } => Conflict "nothing_delayed"
            "nothing that is owed to hall {hall} would move" hint "say which hall each tranche goes to, then delay it";
        /// A tranche due before the order was placed.
        DueBeforePlaced { due_on: Date, placed_on: Date } => Invalid "due_before_placed"
            "a tranche is due on {due_on}, before the order is placed on {placed_on}" hint "check both dates";
        /// The tranche already has that date.
        DateUnchanged { due_on: Date } => Conflict "date_unchanged"
            "the tranche is already due on {due_on}" hint "give the new date";
        /// The tranche has arrived in full.
        TrancheComplete { tranche: TrancheId } => Conflict "tranche_complete"
            "all nodes of tranche {tranche} were received" hint "use the tranche that the nodes belong to";
        /// More nodes than the tranche still expects.
        TooManyNodes { expected: NodeCount, found: usize } => Conflict "too_many_nodes"
            "the tranche still expects {expected}, {found} are named" hint "receive the surplus under the tranche it belongs to";
        /// No node is named.
        NoNodes => Invalid "no_nodes"
            "no node is named" hint "name the nodes that arrived";
        /// A serial number that another node bears.
        SerialTaken { serial: Code } => Conflict "serial_taken"
            "serial number {serial} is already in the fleet or stands twice in this receipt" hint "read the chassis label again";
        /// A GPU serial number that stands twice.
        GpuSerialTwice { serial: Code } => Invalid "gpu_serial_twice"
            "GPU serial number {serial} stands twice in this receipt" hint "read the GPUs' serial numbers again";
        /// Not as many GPU serial numbers as the model has GPUs.
        GpuCountWrong { serial: Code, expected: u32, found: usize } => Invalid "gpu_count_wrong"
            "node {serial} has {expected} GPUs, {found} serial numbers are given" hint "give the serial number of every GPU, or of none";
        /// The date lies outside the calendar.
        DateOutOfRange { date: Date } => Invalid "date_out_of_range"
            "{date} cannot be placed on the site's calendar" hint "check the year";
        /// The nodes may not move so.
        MoveNotAllowed { number: u32, site: SiteId, from: Phase, to: Phase, count: NodeCount } => Conflict "move_not_allowed"
            "node {number} at site {site} is {from} and may not become {to} (so for {count})" hint "see the phases that follow its present one; a node leaves sanitising by a recorded sanitisation";
        /// The nodes still hold a client's data.
        NotErased { number: u32, site: SiteId, from: Phase, to: Phase, count: NodeCount } => Conflict "not_erased"
            "node {number} at site {site} is {from}, was not erased since its last client and may not become {to} (so for {count})" hint "move it to sanitising and record the sanitisation first";
        /// A move that must say why.
        ReasonMissing { to: Phase } => Invalid "reason_missing"
            "a move to {to} must say why" hint "give a reason";
        /// Earlier than the present phase began.
        BeforePhase { number: u32, site: SiteId, at: Instant, since: Instant } => Conflict "before_phase"
            "node {number} at site {site} came to its phase at {since}, after {at}" hint "give an instant not before that";
        /// A receipt, a move or an erasure in the future.
        InFuture { at: Instant, now: Instant } => Invalid "in_future"
            "it is dated {at}, after now, {now}" hint "record it once it is done";
    }
}
