//! What a handler is given: who asks, what for, and the state of the book to answer from.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;

use bareboat_access::{Permission, Visibility};
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_api::wire;
use bareboat_base::id::label_number;
use bareboat_base::{CommandId, Handle, Instant, KeyId, PrincipalId, Table, TypedId};
use bareboat_book::State;

use crate::query::{self, Query};
use crate::{App, View};

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal.
    pub principal: PrincipalId,
    /// The key it showed.
    pub key: KeyId,
}

/// A row that was asked for.
pub struct Found<'a, I, V> {
    /// Its handle, whose number makes its label.
    pub handle: Handle,
    /// Its id.
    pub id: I,
    /// The row.
    pub row: &'a V,
}

/// One request, read and authorised.
pub struct Ask {
    pub(crate) app: App,
    pub(crate) view: Arc<View>,
    pub(crate) caller: Caller,
    pub(crate) reach: Visibility,
    pub(crate) permission: Permission,
    pub(crate) path: String,
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) media_type: &'static str,
    pub(crate) command_id: CommandId,
    pub(crate) request_id: String,
    pub(crate) cursor: Option<bareboat_api::Cursor>,
    pub(crate) limit: usize,
    pub(crate) dry_run: bool,
}

impl Ask {
    /// The server.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The state to answer from: the newest, or the past one that was asked for.
    pub fn state(&self) -> &State {
        &self.view.state
    }

    /// The state with its position and root.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Where the caller holds the operation's permission. Rows outside it do not exist for it.
    pub fn reach(&self) -> &Visibility {
        &self.reach
    }

    /// Where the caller holds another permission: what it may see of something it may act on.
    pub fn reach_of(&self, permission: Permission) -> Visibility {
        let now = self.app.engine.view();
        bareboat_access::reach(&now.state.access, self.caller.principal, permission)
    }

    /// The id of the command that this write makes. Ids that it creates follow from it.
    pub fn command_id(&self) -> CommandId {
        self.command_id
    }

    /// The request's id, for logs.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Whether nothing will be written: leave out what has effects of its own.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.app.present(&self.app.engine.view())
    }

    /// The request body's media type, of those that the operation takes.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// A query parameter's text.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// A query parameter, parsed.
    pub fn parsed<T: std::str::FromStr<Err: Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        self.query.parsed(name)
    }

    /// A query parameter that refers to a row. Nothing of that name is an empty answer for a
    /// list, so a reference that leads nowhere is 404 only when it cannot be read.
    pub fn param_ref<I: TypedId, V: Clone>(
        &self,
        name: &str,
        table: &Table<I, V>,
    ) -> Result<Option<I>, Problem> {
        let Some(text) = self.query.get(name) else {
            return Ok(None);
        };
        match lookup(table, text) {
            Lookup::Unreadable => Err(query::invalid(name, unreadable::<I>(text))),
            Lookup::Row(found) => Ok(Some(found.id)),
            Lookup::Nothing => Ok(Some(nobody())),
        }
    }

    /// A segment of the path, as text.
    pub fn argument(&self, name: &str) -> &str {
        let mut arguments = self.arguments.iter();
        arguments
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// The row that a segment of the path names by id or label. Check that the caller may see
    /// it ([`Self::seen`]) before you answer anything of it.
    pub fn row<'a, I: TypedId, V: Clone>(
        &self,
        name: &str,
        table: &'a Table<I, V>,
    ) -> Result<Found<'a, I, V>, Problem> {
        let text = self.argument(name);
        match lookup(table, text) {
            Lookup::Unreadable => {
                let detail = format!("{name}: {}", unreadable::<I>(text));
                Err(Problem::edge(Edge::InvalidPath, detail))
            }
            Lookup::Row(found) => Ok(found),
            Lookup::Nothing => Err(not_found::<I>()),
        }
    }

    /// The row that a field of the body names by id or label.
    pub fn resolve<'a, I: TypedId, V: Clone>(
        &self,
        field: &str,
        table: &'a Table<I, V>,
        reference: &wire::Ref,
    ) -> Result<Found<'a, I, V>, Problem> {
        match lookup(table, &reference.0) {
            Lookup::Unreadable => Err(self.field(field, unreadable::<I>(&reference.0))),
            Lookup::Row(found) => Ok(found),
            Lookup::Nothing => Err(not_found::<I>()),
        }
    }

    /// Lets a row through when `visible`; else it does not exist for the caller: 404, the same
    /// as for an id that nobody has.
    pub fn seen<I: TypedId>(&self, visible: bool, _: I) -> Result<(), Problem> {
        if visible {
            Ok(())
        } else {
            Err(not_found::<I>())
        }
    }

    /// For a write to something: 404 when the caller may not see it under `reading`, 403 when it
    /// may see it but not act on it; `inside` says whether it lies in a part of the book.
    pub fn may_act<I: TypedId>(
        &self,
        id: I,
        reading: Permission,
        inside: impl Fn(&Visibility) -> bool,
    ) -> Result<(), Problem> {
        if inside(&self.reach) {
            return Ok(());
        }
        self.seen(inside(&self.reach_of(reading)), id)?;
        Err(forbidden(self.permission))
    }

    /// For a write that only holders over the whole book may do.
    pub fn whole_book(&self) -> Result<(), Problem> {
        if self.reach.is_book() {
            Ok(())
        } else {
            Err(forbidden(self.permission))
        }
    }

    /// A field of the body that does not parse.
    pub fn field(&self, field: &str, why: impl Display) -> Problem {
        Problem::edge(Edge::InvalidField, format!("{field}: {why}"))
    }

    /// Parses a text field of the body.
    pub fn parse<T: std::str::FromStr<Err: Display>>(
        &self,
        field: &str,
        text: &str,
    ) -> Result<T, Problem> {
        text.parse().map_err(|error: T::Err| {
            let shown: String = text.chars().take(60).collect();
            self.field(field, format!("{shown:?}: expected {error}"))
        })
    }
}

/// Something that does not exist, or that the caller may not see: one text for both.
pub fn not_found<I: TypedId>() -> Problem {
    let kind = I::KIND.replace('_', " ");
    let detail = format!("there is no {kind} with that id or label, or none that you may see");
    Problem::edge(Edge::NotFound, detail)
}

/// The caller may not do this.
pub fn forbidden(permission: Permission) -> Problem {
    let detail =
        format!("this needs the permission {permission}, which your grants do not give here");
    Problem::edge(Edge::Forbidden, detail)
}

/// An id that no row has: UUIDs of rows are never nil.
fn nobody<I: TypedId>() -> I {
    I::from_uuid(uuid::Uuid::nil())
}

fn unreadable<I: TypedId>(text: &str) -> String {
    let shown: String = text.chars().take(64).collect();
    let prefix = I::PREFIX;
    format!("{shown:?} is neither a UUID nor a label such as {prefix}-0001")
}

enum Lookup<'a, I, V> {
    Unreadable,
    Nothing,
    Row(Found<'a, I, V>),
}

fn lookup<'a, I: TypedId + Hash, V: Clone>(table: &'a Table<I, V>, text: &str) -> Lookup<'a, I, V> {
    let handle = if let Ok(uuid) = uuid::Uuid::try_parse(text) {
        table.handle(&I::from_uuid(uuid))
    } else if let Some(number) = label_number::<I>(text) {
        Handle::from_number(number)
    } else {
        return Lookup::Unreadable;
    };
    let row = handle.and_then(|handle| Some((handle, table.at(handle)?)));
    row.map_or(Lookup::Nothing, |(handle, (id, row))| {
        Lookup::Row(Found {
            handle,
            id: *id,
            row,
        })
    })
}
