//! Exit codes, and how a failure is told. Scripts may rely on the codes.

use std::io::Write as _;

use bareboat_client::Failure;

/// All went well.
pub const OK: u8 = 0;
/// Something unforeseen went wrong.
pub const OTHER: u8 = 1;
/// The command line, or what was sent, is wrong (also clap's own code).
pub const USAGE: u8 = 2;
/// The law, a list or a missing determination stands against it.
pub const REFUSED: u8 = 3;
/// Something named is not there.
pub const NOT_FOUND: u8 = 4;
/// It does not fit the book as it stands.
pub const CONFLICT: u8 = 5;
/// No key, a key that is not let in, or not enough rights.
pub const FORBIDDEN: u8 = 6;
/// The server or the book cannot be reached: not there, in use, or busy.
pub const UNREACHABLE: u8 = 7;
/// The book or a value in it is not what was written.
pub const INTEGRITY: u8 = 8;
/// There is more than was shown.
pub const CUT_SHORT: u8 = 9;

/// What is said of them in `--help`.
pub const HELP: &str = "\
Exit codes: 0 done; 1 something unforeseen; 2 wrong usage or malformed input; 3 refused by a rule, \
a list or a missing determination; 4 not found; 5 conflict with the book as it stands; \
6 not authenticated or not allowed; 7 server or book cannot be reached; 8 the book is damaged; \
9 only the first rows were shown.";

/// A failure of this program's own, with its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Own {
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The stable code, when it has one.
    pub code: Option<String>,
    /// The exit code.
    pub exit: u8,
}

/// Wrong usage that clap cannot see.
pub fn usage(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Own {
        message: message.into(),
        hint: hint.to_owned(),
        code: None,
        exit: USAGE,
    }
    .into()
}

/// A table that leaves rows out.
pub fn cut_short(rows: usize) -> anyhow::Error {
    Own {
        message: format!("there are more rows: only the first {rows} are shown"),
        hint: "narrow the list, or use --json, which shows all of it".to_owned(),
        code: None,
        exit: CUT_SHORT,
    }
    .into()
}

/// A failure of the journal, by its code.
pub fn journal(code: &'static str, message: String, hint: &str) -> anyhow::Error {
    let exit = match code {
        "journal.no_such_book" => NOT_FOUND,
        "journal.exists" => CONFLICT,
        "journal.locked" | "journal.fenced" | "journal.busy" | "journal.stopped" => UNREACHABLE,
        "journal.damaged"
        | "journal.missing_tail"
        | "journal.head_mismatch"
        | "journal.unreadable_event"
        | "journal.sealed_missing"
        | "journal.not_a_book" => INTEGRITY,
        _ => OTHER,
    };
    Own {
        message,
        hint: hint.to_owned(),
        code: Some(code.to_owned()),
        exit,
    }
    .into()
}

/// The exit code of an HTTP status.
pub fn of_status(status: u16) -> u8 {
    match status {
        401 | 403 => FORBIDDEN,
        404 => NOT_FOUND,
        409 | 412 => CONFLICT,
        422 => REFUSED,
        429 | 503 => UNREACHABLE,
        400..=499 => USAGE,
        _ => OTHER,
    }
}

/// A failure, ready to be told.
pub struct Failed {
    /// The exit code.
    pub code: u8,
    lines: Vec<String>,
}

impl Failed {
    /// What to tell of an error.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(own) = error.downcast_ref::<Own>() {
            return Self::told(own.exit, &own.message, own.code.as_deref(), &own.hint, None);
        }
        match error.downcast_ref::<Failure>() {
            Some(Failure::Problem(problem)) => Self::told(
                of_status(problem.status),
                &problem.detail,
                Some(&problem.code),
                &problem.hint,
                Some(&problem.request_id),
            ),
            Some(Failure::Unreachable { .. }) => {
                let hint = "check that the server runs, and its address";
                Self::told(UNREACHABLE, &format!("{error:#}"), None, hint, None)
            }
            _ => Self::told(OTHER, &format!("{error:#}"), None, "", None),
        }
    }

    fn told(
        exit: u8,
        message: &str,
        code: Option<&str>,
        hint: &str,
        request: Option<&str>,
    ) -> Self {
        let mut lines = vec![format!("error: {message}")];
        if !hint.is_empty() {
            lines.push(format!("  hint: {hint}"));
        }
        if let Some(code) = code {
            lines.push(format!("  code: {code} (bareboat errors {code})"));
        }
        if let Some(request) = request.filter(|request| !request.is_empty()) {
            lines.push(format!("  request: {request}"));
        }
        Self { code: exit, lines }
    }

    /// Tells it on stderr.
    pub fn tell(&self) {
        let mut stderr = std::io::stderr().lock();
        for line in &self.lines {
            // Nobody listens when this fails.
            let _ = writeln!(stderr, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_code_and_gets_an_exit_code() {
        let problem = bareboat_api::Problem::new(422, "book.not_permitted", "no", "ask");
        let failed = Failed::of(&Failure::Problem(Box::new(problem)).into());
        assert_eq!(failed.code, REFUSED);
        assert!(failed.lines[2].contains("bareboat errors book.not_permitted"));
        for (status, code) in [(400, 2), (401, 6), (404, 4), (409, 5), (503, 7), (500, 1)] {
            assert_eq!(of_status(status), code, "{status}");
        }
    }
}
