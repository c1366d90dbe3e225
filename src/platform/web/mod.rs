//! What the pages of every role are made of: layout, languages, forms, cookies, assets.
//!
//! A page is an askama template that extends `shared/layout.html` and has a field `page`
//! of type [`Page`]. Its texts are values of [`Text`](crate::domain::language::Text), so a missing translation does not
//! compile.

pub mod assets;
pub mod brand;
pub mod cookies;
pub mod forms;
pub mod language;
pub mod markdown;
pub mod page;
pub mod pictures;
pub(crate) mod texts;

pub use assets::{Asset, Assets};
pub use cookies::HostCookie;
pub use forms::Form;
pub use page::{Page, Pages, answer};
