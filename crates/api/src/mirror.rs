//! Enums of the wire that mirror a domain's, variant by variant.

/// Declares a wire enum with its texts, and the ways to and from the domain's. The texts must be
/// the variants in kebab case, which is what serde and the schema write.
macro_rules! mirror {
    ($($(#[$doc:meta])* $name:ident of $domain:path { $($(#[$about:meta])* $variant:ident $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
            )]
            #[serde(rename_all = "kebab-case")]
            pub enum $name {
                $($(#[$about])* $variant,)*
            }

            impl $name {
                /// All of them.
                pub const ALL: &'static [Self] = &[$(Self::$variant),*];

                /// Its text on the wire.
                pub fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $text,)* }
                }
            }

            impl From<$domain> for $name {
                fn from(value: $domain) -> Self {
                    use $domain as D;
                    match value { $(D::$variant => Self::$variant,)* }
                }
            }

            impl From<$name> for $domain {
                fn from(value: $name) -> Self {
                    use $domain as D;
                    match value { $($name::$variant => D::$variant,)* }
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl std::str::FromStr for $name {
                type Err = String;
                /// The error lists every text there is.
                fn from_str(text: &str) -> Result<Self, String> {
                    Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or_else(|| {
                        let all: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                        format!("expected one of {}", all.join(", "))
                    })
                }
            }
        )*

        #[cfg(test)]
        mod mirrored {
            #[test]
            fn texts_are_what_serde_writes() {
                $(for one in super::$name::ALL {
                    let json = serde_json::to_string(one).unwrap();
                    assert_eq!(json, format!("{:?}", one.as_str()));
                    assert_eq!(one.as_str().parse(), Ok(*one));
                })*
            }
        }
    };
}
pub(crate) use mirror;
