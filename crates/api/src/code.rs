//! The codes of problems that arise at the edge, before or beside any decision of the book.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $status:literal $hint:literal;)*) => {
        /// A code of the edge.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Edge {
            $($(#[$doc])* $variant,)*
        }

        /// What the codes are declared as, for the test of [`CODES`].
        #[cfg(test)]
        const DECLARED: &[&str] = &[$($code),*];

        impl Edge {
            /// The code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
            /// Its HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
            /// What to do about it.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

codes! {
    /// No key, or one that is not let in.
    Unauthenticated "api.unauthenticated" 401 "send `Authorization: Bearer bbk_…` with a key that stands";
    /// The principal may not do this.
    Forbidden "api.forbidden" 403 "ask an administrator for a role that holds the permission";
    /// Nothing there, or nothing that the principal may see.
    NotFound "api.not_found" 404 "check the id; list what there is";
    /// No such route.
    NoSuchRoute "api.no_such_route" 404 "see /openapi.json for what there is";
    /// The route exists, the method does not.
    MethodNotAllowed "api.method_not_allowed" 405 "use a method of the `Allow` header";
    /// The body is not JSON, or of the wrong shape.
    MalformedBody "api.malformed_body" 400 "correct the body at the place named; /openapi.json has its schema";
    /// A body where none belongs, or none where one does.
    BodyExpected "api.body_expected" 400 "send a body exactly where the operation has one";
    /// A field of the body does not parse.
    InvalidField "api.invalid_field" 400 "correct the field; /openapi.json has its schema";
    /// A row of a bulk import does not parse.
    InvalidRow "api.invalid_row" 400 "correct the rows named and send the whole file again: nothing was written";
    /// A query parameter that the operation does not have.
    UnknownParameter "api.unknown_parameter" 400 "leave it out; the message lists the parameters there are";
    /// A query parameter that does not parse, or stands twice.
    InvalidParameter "api.invalid_parameter" 400 "correct the parameter";
    /// An id in the path that is neither a UUID nor a label.
    InvalidPath "api.invalid_path" 400 "use the id or the label that the API gave";
    /// A header that does not parse.
    InvalidHeader "api.invalid_header" 400 "correct the header";
    /// A cursor that was not given for this question.
    InvalidCursor "api.invalid_cursor" 400 "repeat the question without a cursor, and follow `next_cursor` unchanged";
    /// The body is too large.
    BodyTooLarge "api.body_too_large" 413 "split it";
    /// Path and query are too long.
    TargetTooLong "api.target_too_long" 414 "shorten path and query";
    /// The body's media type is not one that the operation takes.
    UnsupportedMediaType "api.unsupported_media_type" 415 "send one of the media types named";
    /// What the caller saw has changed.
    PreconditionFailed "api.precondition_failed" 412 "read it again, and decide on what it is now";
    /// The operation cannot check `If-Match`.
    NoPrecondition "api.no_precondition" 400 "leave `If-Match` out of this operation";
    /// Too much at once.
    Busy "api.busy" 503 "wait a moment, and send it again with the same idempotency key";
    /// The server stops.
    Stopping "api.stopping" 503 "wait for the server to come back, and send it again";
    /// An error in bareboat.
    Internal "api.internal" 500 "nothing was acknowledged; report the request id";
}

/// Every code of the edge.
pub const CODES: &[&str] = &[
    "api.body_expected",
    "api.body_too_large",
    "api.busy",
    "api.forbidden",
    "api.internal",
    "api.invalid_cursor",
    "api.invalid_field",
    "api.invalid_header",
    "api.invalid_parameter",
    "api.invalid_path",
    "api.invalid_row",
    "api.malformed_body",
    "api.method_not_allowed",
    "api.no_precondition",
    "api.no_such_route",
    "api.not_found",
    "api.precondition_failed",
    "api.stopping",
    "api.target_too_long",
    "api.unauthenticated",
    "api.unknown_parameter",
    "api.unsupported_media_type",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_of_the_edge_and_stands_once() {
        let unique: std::collections::BTreeSet<_> = CODES.iter().collect();
        assert_eq!(unique.len(), CODES.len());
        assert_eq!(unique, DECLARED.iter().collect());
    }
}
