//! Typed refusals. One code for one reason; the message says what was wrong, the hint what to do.

/// What kind of refusal it is; the edge maps it to a status, the command line to an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request itself is malformed or breaks a rule that needs no state to see.
    Invalid,
    /// Something it names does not exist (or may not be seen).
    NotFound,
    /// It does not fit the book as it stands.
    Conflict,
    /// The law, a list or a missing determination forbids it.
    Refused,
    /// The actor may not do this.
    Forbidden,
}

/// What every domain's rejection can say of itself.
pub trait Refusal: std::error::Error {
    /// The stable code: `fleet.site_code_taken`. Each has a page in `docs/errors/`.
    fn code(&self) -> &'static str;
    /// What to do about it.
    fn hint(&self) -> &'static str;
    /// What kind it is.
    fn class(&self) -> Class;
}

/// Declares a domain's `Rejection` enum: variants with named fields, and for each its class,
/// its code (without the domain's prefix), its message (fields captured by name) and its hint.
///
/// ```
/// bareboat_base::rejections! {
///     /// Why the fleet refuses.
///     pub enum Rejection in "fleet" {
///         /// Another site has the code.
///         SiteCodeTaken { code: String } => Conflict "site_code_taken"
///             "site code {code} is already used" hint "choose another code";
///     }
/// }
/// # use bareboat_base::Refusal as _;
/// assert_eq!(Rejection::SiteCodeTaken { code: "OSA".into() }.code(), "fleet.site_code_taken");
/// ```
#[macro_export]
macro_rules! rejections {
    (
        $(#[$doc:meta])*
        pub enum $name:ident in $domain:literal {
            $(
                $(#[$variant_doc:meta])*
                $variant:ident $({ $($field:ident : $type:ty),* $(,)? })? => $class:ident $code:literal
                    $message:literal hint $hint:literal;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                $variant $({ $(#[allow(missing_docs)] $field: $type),* })?,
            )*
        }

        impl $name {
            /// Every code this domain can refuse with.
            pub const CODES: &'static [&'static str] = &[$(concat!($domain, ".", $code)),*];
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        $($(let _ = $field;)*)?
                        write!(f, $message)
                    })*
                }
            }
        }

        impl ::std::error::Error for $name {}

        impl $crate::Refusal for $name {
            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => concat!($domain, ".", $code),)*
                }
            }
            fn hint(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $hint,)*
                }
            }
            fn class(&self) -> $crate::Class {
                match self {
                    $(Self::$variant { .. } => $crate::Class::$class,)*
                }
            }
        }
    };
}
