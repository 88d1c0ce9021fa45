//! Where a list goes on at the platform.

/// The platform's next page. Made by [`crate::answer`], used by [`crate::request`].
///
/// It holds what the platform said, so a caller that hands it out must seal it or keep it on its own side;
/// `request` still refuses one that would leave the platform's host or base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken(pub(crate) String);

impl PageToken {
    /// For keeping.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A token kept earlier.
    pub fn from_kept(text: String) -> Self {
        Self(text)
    }
}
