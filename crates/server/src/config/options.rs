//! The shape of an option: one documented field in an `options!` table is the struct's field, its
//! parser, its default and its entry on the reference page.
//!
//! **Invariant:** a default is text, read by the same parser as a file's value, so that `$name`
//! works in it and the reference page can't differ from the code.

use super::{reader::Reader, spec::OptionSpec};

/// One group of options, `[name]` in the file.
pub trait OptionGroup: Sized {
    /// The group's name in the file.
    const NAME: &'static str;
    /// What the group is about, in Markdown.
    const DOC: &'static str;

    /// Every option, in the order of the fields.
    fn specs() -> Vec<OptionSpec>;

    /// Reads the group; `None` when at least one value is bad, and then `reader` knows which.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Self::read_as(reader, Self::specs())
    }

    /// The same by other specifications of the same options, such as those of another group.
    fn read_as(reader: &mut Reader<'_>, specs: Vec<OptionSpec>) -> Option<Self>;
}

/// Makes one group of options from its table.
///
/// A line is `name: Type = "default", range 1..=9, formerly "old_name";` where all but name and
/// type may be left out. Without a default, an `Option` is unset and any other type is required.
macro_rules! options {
    (
        $(#[doc = $group_doc:literal])+
        $type:ident = $group:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $kind:ty $(= $default:literal)? $(, range $min:literal ..= $max:literal)? $(, formerly $former:literal)*;
            )+
        }
    ) => {
        $(#[doc = $group_doc])+
        #[derive(Clone, Debug)]
        pub struct $type {
            $($(#[doc = $doc])+ pub $field: $kind,)+
        }

        impl $crate::config::options::OptionGroup for $type {
            const NAME: &'static str = $group;
            const DOC: &'static str = concat!($($group_doc, "\n"),+);

            fn specs() -> Vec<$crate::config::spec::OptionSpec> {
                vec![$(
                    $crate::config::spec::of::<$kind>(
                        $group,
                        stringify!($field),
                        concat!($($doc, "\n"),+),
                        &[$($default)?],
                        &[$(($min, $max))?],
                        &[$($former),*],
                    ),
                )+]
            }

            fn read_as(
                reader: &mut $crate::config::reader::Reader<'_>,
                specs: Vec<$crate::config::spec::OptionSpec>,
            ) -> Option<Self> {
                let mut specs = specs.into_iter();
                $(let $field = specs.next().and_then(|spec| reader.value::<$kind>(spec));)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}
pub(super) use options;
