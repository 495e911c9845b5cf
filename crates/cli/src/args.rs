//! What can be said on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{commands, exit};

/// The control plane of a GPU cloud operator: one book of what there is, who has it and why.
#[derive(Debug, Parser)]
#[command(name = "bareboat", version, after_help = exit::HELP, propagate_version = false)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The noun.
    #[command(subcommand)]
    pub noun: Noun,
}

/// What holds for every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work straight on this book file; it must not be in use by a server.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BAREBOAT_BOOK",
        hide_env_values = true
    )]
    pub book: Option<PathBuf>,
    /// Work against this server, such as http://127.0.0.1:7700, rather than on a book file.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "BAREBOAT_SERVER",
        hide_env_values = true
    )]
    pub server: Option<String>,
    /// The API key; better in the environment than in the shell's history.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "BAREBOAT_KEY",
        hide_env_values = true
    )]
    pub key: Option<String>,
    /// Read the API key from this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Write JSON to stdout instead of tables.
    #[arg(long, global = true)]
    pub json: bool,
    /// Read as the book stood at this journal position or instant.
    #[arg(long, global = true, value_name = "MOMENT")]
    pub as_of: Option<String>,
    /// Say what a write would do; write nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Answer the same when this write is repeated with the same key.
    #[arg(long, global = true, value_name = "TEXT")]
    pub idempotency_key: Option<String>,
    /// Record the write at this instant; only for books with a simulated clock.
    #[arg(long, global = true, value_name = "INSTANT")]
    pub recorded_at: Option<String>,
}

/// Options of which one is given, each by its id.
const EITHER: [[&str; 2]; 2] = [["book", "server"], ["key", "key_file"]];

impl Arguments {
    /// The process's own. What is said on the command line goes before the environment.
    pub fn of_process() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(words)?;
        let said = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        for [one, other] in EITHER {
            if said(one) && said(other) {
                let flags = [one, other].map(|id| format!("--{}", id.replace('_', "-")));
                let told = format!("{} and {} cannot both be given", flags[0], flags[1]);
                return Err(command.error(ErrorKind::ArgumentConflict, told));
            }
        }
        let mut arguments = Self::from_arg_matches(&matches)?;
        let global = &mut arguments.global;
        if said("server") {
            global.book = None;
        }
        if said("key_file") {
            global.key = None;
        }
        Ok(arguments)
    }
}

macro_rules! nouns {
    ($($(#[$doc:meta])* $variant:ident($verbs:ty) => $run:path;)*) => {
        /// The nouns that are requests of the API: each a subcommand with its verbs.
        #[derive(Debug, Subcommand)]
        pub enum Noun {
            /// Make a new book with its first administrator.
            Init(commands::init::Init),
            /// Serve a book over HTTP.
            Serve(commands::serve::Serve),
            /// Verify, back up and restore a book.
            #[command(subcommand)]
            Journal(commands::journal::Journal),
            /// Judge every live contract with and without suppositions; nothing is written.
            Impact(commands::impact::Impact),
            /// Explain any record by its id or label, back to what it follows from.
            Explain(commands::explain::Explain),
            /// Tell a story of dated acts to a new book.
            #[command(subcommand)]
            Story(crate::story::Story),
            /// How many nodes there are and how they stand, and simulations.
            #[command(subcommand)]
            Capacity(commands::capacity::Capacity),
            /// Explain an error code.
            Errors(commands::errors::Errors),
            /// Write a completion script for a shell.
            Completions(commands::completions::Completions),
            $($(#[$doc])* #[command(subcommand)] $variant($verbs),)*
        }

        impl Noun {
            /// Runs the command.
            pub fn run(self, global: &Global) -> anyhow::Result<()> {
                match self {
                    Self::Init(init) => init.run(global),
                    Self::Serve(serve) => serve.run(global),
                    Self::Journal(journal) => journal.run(global),
                    Self::Capacity(verb) => commands::capacity::capacity(verb, global),
                    Self::Errors(errors) => errors.run(global),
                    Self::Completions(completions) => completions.run(),
                    Self::Story(verb) => crate::story::story(verb, global),
                    Self::Impact(ask) => {
                        commands::impact::impact(ask, &crate::session::Session::open(global)?)
                    }
                    Self::Explain(ask) => {
                        commands::explain::explain(ask, &crate::session::Session::open(global)?)
                    }
                    $(Self::$variant(verb) => {
                        let session = crate::session::Session::open(global)?;
                        $run(verb, &session)
                    })*
                }
            }
        }
    };
}

// To add a noun: one line here, and its verbs in a module of `commands`.
nouns! {
    /// What book this is and where it stands.
    Book(commands::book::Book) => commands::book::book;
    /// Events of the journal.
    Events(commands::book::Events) => commands::book::events;
    /// Who asked for what, and what came of it.
    Audit(commands::book::Audit) => commands::book::audit;
    /// Organisations: the operator, partners, tenants.
    Organisation(commands::access::Organisation) => commands::access::organisation;
    /// Projects of organisations.
    Project(commands::access::Project) => commands::access::project;
    /// People and machines that act.
    Principal(commands::access::Principal) => commands::access::principal;
    /// API keys.
    Key(commands::access::Key) => commands::access::key;
    /// Roles given to principals.
    Grant(commands::access::Grant) => commands::access::grant;
    /// Accelerator models.
    Model(commands::fleet::Model) => commands::fleet::model;
    /// Sites: data centres.
    Site(commands::fleet::Site) => commands::fleet::site;
    /// Halls of sites.
    Hall(commands::fleet::Hall) => commands::fleet::hall;
    /// Purchase orders of nodes.
    Order(commands::fleet::Order) => commands::fleet::order;
    /// Tranches: dated deliveries of orders.
    Tranche(commands::fleet::Tranche) => commands::fleet::tranche;
    /// Nodes: bare-metal machines.
    Node(commands::fleet::Node) => commands::fleet::node;
    /// Pools: all nodes of a model at a site, and their calendars.
    Pool(commands::capacity::Pool) => commands::capacity::pool;
    /// Quotes: drafts offered at their price, with capacity held until they expire.
    Quote(commands::quotes::Quote) => commands::quotes::quotes;
    /// Reservations: capacity held for lots.
    Reservation(commands::capacity::Reservation) => commands::capacity::reservation;
    /// Allocations: named nodes bound to lots.
    Allocation(commands::capacity::Allocation) => commands::capacity::allocation;
    /// Blocks: delivered nodes taken together within one part of the fabric.
    Block(commands::blocks::Block) => commands::blocks::blocks;
    /// Parties: who is who, sealed or in the open.
    Party(commands::parties::Party) => commands::parties::party;
    /// Interests: who holds how much of whom.
    Interest(commands::parties::Interest) => commands::parties::interest;
    /// Sealed values: opened on record, or shredded.
    Sealed(commands::seals::Sealed) => commands::seals::sealed;
    /// Restricted-party lists.
    List(commands::screening::List) => commands::screening::list;
    /// Screenings of parties against lists.
    Screening(commands::screening::Screening) => commands::screening::screening;
    /// Hits: candidate matches, and what officers decide on them.
    Hit(commands::screening::Hit) => commands::screening::hit;
    /// Questions about a name; nothing is recorded.
    Screen(commands::screening::Screen) => commands::screening::screen;
    /// Rulebooks: dated, cited rules of one regime.
    Rulebook(commands::rulebook::Rulebook) => commands::rulebook::rulebook;
    /// Determinations: what the rules say of a contract.
    Determination(commands::rulebook::Determination) => commands::rulebook::determination;
    /// Authorisations: licences, exceptions, clearances.
    Authorisation(commands::rulebook::Authorisation) => commands::rulebook::authorisation;
    /// Contracts: drafted, signed, extended, suspended.
    Contract(commands::contracts::Contract) => commands::contracts::contract;
    /// Lots of contracts, and their nodes.
    Lot(commands::contracts::Lot) => commands::contracts::lot;
    /// Wind-downs: the staged ending of contracts.
    WindDown(commands::contracts::WindDown) => commands::contracts::wind_down;
    /// Usage of nodes.
    Usage(commands::billing::Usage) => commands::billing::usage;
    /// Invoices: previewed, issued.
    Invoice(commands::billing::Invoice) => commands::billing::invoice;
    /// The operator's legal entities.
    Entity(commands::ledger::Entity) => commands::ledger::entity;
    /// Accounts of the ledger.
    Account(commands::ledger::Account) => commands::ledger::account;
    /// Entries of the ledger.
    Entry(commands::ledger::Entry) => commands::ledger::entry;
    /// What the ledger adds up to, and its periods.
    Ledger(commands::ledger::Ledger) => commands::ledger::ledger;
}
