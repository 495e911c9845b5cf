//! Organisations, projects, principals, keys and grants.
//!
//! The example for every other noun: an enum of verbs whose fields are the flags, and a function
//! that makes a request of each and lets the session carry and show it.

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;

use crate::session::{Session, body, maybe, text};

/// Verbs of organisations.
#[derive(Debug, Subcommand)]
pub enum Organisation {
    /// List organisations.
    List {
        /// Only this kind: operator, partner or tenant.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Show an organisation.
    Show {
        /// Its id or label.
        organisation: String,
    },
    /// Create a partner or a tenant.
    Create {
        /// Its code, unique in the book.
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// partner or tenant.
        #[arg(long)]
        kind: String,
        /// The party it stands for: an id or label.
        #[arg(long)]
        party: Option<String>,
        /// The partner it lies under: an id or label.
        #[arg(long)]
        parent: Option<String>,
    },
}

/// Runs a verb of organisations.
pub fn organisation(verb: Organisation, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/organisations";
    match verb {
        Organisation::List { kind } => {
            let request = Request::get(PATH).with_some("kind", kind);
            session.list(request, &["label", "code", "name", "kind", "parent", "id"])
        }
        Organisation::Show { organisation } => {
            session.item(Request::get(format!("{PATH}/{organisation}")))
        }
        Organisation::Create {
            code,
            name,
            kind,
            party,
            parent,
        } => {
            let body = body(&[
                ("code", text(code)),
                ("name", text(name)),
                ("kind", text(kind)),
                ("party", maybe(&party)),
                ("parent", maybe(&parent)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of projects.
#[derive(Debug, Subcommand)]
pub enum Project {
    /// List projects.
    List {
        /// Only this organisation's: an id or label.
        #[arg(long)]
        organisation: Option<String>,
    },
    /// Show a project.
    Show {
        /// Its id or label.
        project: String,
    },
    /// Create a project.
    Create {
        /// Its code, unique in the organisation.
        code: String,
        /// Whose: an id or label.
        #[arg(long)]
        organisation: String,
    },
}

/// Runs a verb of projects.
pub fn project(verb: Project, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/projects";
    match verb {
        Project::List { organisation } => {
            let request = Request::get(PATH).with_some("organisation", organisation);
            session.list(request, &["label", "code", "organisation", "id"])
        }
        Project::Show { project } => session.item(Request::get(format!("{PATH}/{project}"))),
        Project::Create { code, organisation } => {
            let body = body(&[("code", text(code)), ("organisation", text(organisation))]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of principals.
#[derive(Debug, Subcommand)]
pub enum Principal {
    /// List principals.
    List {
        /// Only this organisation's: an id or label.
        #[arg(long)]
        organisation: Option<String>,
    },
    /// Show a principal.
    Show {
        /// Its id or label.
        principal: String,
    },
    /// Create a principal.
    Create {
        /// Its name.
        name: String,
        /// person or machine.
        #[arg(long, default_value = "person")]
        kind: String,
        /// Whose: an id or label.
        #[arg(long)]
        organisation: String,
    },
}

/// Runs a verb of principals.
pub fn principal(verb: Principal, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/principals";
    match verb {
        Principal::List { organisation } => {
            let request = Request::get(PATH).with_some("organisation", organisation);
            session.list(request, &["label", "name", "kind", "organisation", "id"])
        }
        Principal::Show { principal } => session.item(Request::get(format!("{PATH}/{principal}"))),
        Principal::Create {
            name,
            kind,
            organisation,
        } => {
            let body = body(&[
                ("name", text(name)),
                ("kind", text(kind)),
                ("organisation", text(organisation)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// List keys, without their secrets.
    List {
        /// Only this principal's: an id or label.
        #[arg(long)]
        principal: Option<String>,
    },
    /// Show a key, without its secret.
    Show {
        /// Its id or label.
        key: String,
    },
    /// Issue a key; its secret is shown once.
    Issue {
        /// To whom: an id or label.
        principal: String,
        /// When it expires, such as 2027-01-01T00:00:00Z.
        #[arg(long, value_name = "INSTANT")]
        expires_at: String,
    },
    /// Put a new key in a key's place.
    Rotate {
        /// The key: its id or label.
        #[arg(value_name = "KEY")]
        old: String,
        /// When the new key expires.
        #[arg(long, value_name = "INSTANT")]
        expires_at: String,
        /// How long the old key lives on; left out, it ends at once.
        #[arg(long, value_name = "INSTANT")]
        overlap_until: Option<String>,
    },
    /// Revoke a key, at once.
    Revoke {
        /// The key: its id or label.
        #[arg(value_name = "KEY")]
        revoked: String,
    },
}

/// Runs a verb of keys.
pub fn key(verb: Key, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/keys";
    match verb {
        Key::List { principal } => {
            let request = Request::get(PATH).with_some("principal", principal);
            session.list(
                request,
                &["label", "principal", "expires_at", "revoked.at", "id"],
            )
        }
        Key::Show { key } => session.item(Request::get(format!("{PATH}/{key}"))),
        Key::Issue {
            principal,
            expires_at,
        } => {
            let body = body(&[
                ("principal", text(principal)),
                ("expires_at", text(expires_at)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Key::Rotate {
            old,
            expires_at,
            overlap_until,
        } => {
            let body = body(&[
                ("expires_at", text(expires_at)),
                ("overlap_until", maybe(&overlap_until)),
            ]);
            session.write(Request::post(format!("{PATH}/{old}/rotate")).json(&body)?)
        }
        Key::Revoke { revoked } => session.write(Request::post(format!("{PATH}/{revoked}/revoke"))),
    }
}

/// Verbs of grants.
#[derive(Debug, Subcommand)]
pub enum Grant {
    /// List grants, revoked ones too.
    List {
        /// Only this principal's: an id or label.
        #[arg(long)]
        principal: Option<String>,
    },
    /// Show a grant.
    Show {
        /// Its id or label.
        grant: String,
    },
    /// Grant a role to a principal.
    Create {
        /// To whom: an id or label.
        principal: String,
        /// admin, planner, compliance, site_operator, finance, auditor, partner, tenant_admin or
        /// tenant_user.
        #[arg(long)]
        role: String,
        /// Over which organisation; left out, the whole book.
        #[arg(long)]
        organisation: Option<String>,
        /// Over which project of it.
        #[arg(long)]
        project: Option<String>,
    },
    /// Revoke a grant.
    Revoke {
        /// Its id or label.
        grant: String,
    },
}

/// Runs a verb of grants.
pub fn grant(verb: Grant, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/grants";
    match verb {
        Grant::List { principal } => {
            let request = Request::get(PATH).with_some("principal", principal);
            let columns = [
                "label",
                "principal",
                "role",
                "organisation",
                "project",
                "revoked.at",
                "id",
            ];
            session.list(request, &columns)
        }
        Grant::Show { grant } => session.item(Request::get(format!("{PATH}/{grant}"))),
        Grant::Create {
            principal,
            role,
            organisation,
            project,
        } => {
            let body = body(&[
                ("principal", text(principal)),
                ("role", text(role)),
                ("organisation", maybe(&organisation)),
                ("project", maybe(&project)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Grant::Revoke { grant } => session.write(Request::post(format!("{PATH}/{grant}/revoke"))),
    }
}
