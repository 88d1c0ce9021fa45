//! What the engine may see of a credential: its kind and its opened fields, for the time of one call.

use std::fmt;

/// The contract's `authenticationType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// `oauth2`: an OAuth 2 grant.
    Oauth2,
    /// `bearer`: a token that the user pastes.
    Bearer,
    /// `apiKey`: a key sent in a header or in the query.
    ApiKey,
    /// `basic`: a pair of user and password.
    Basic,
    /// `fields`: several values that the platform wants in its own way.
    Fields,
}

impl AuthType {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 5] = [Self::Oauth2, Self::Bearer, Self::ApiKey, Self::Basic, Self::Fields];

    /// The name in the contract, in definitions and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth2 => "oauth2",
            Self::Bearer => "bearer",
            Self::ApiKey => "apiKey",
            Self::Basic => "basic",
            Self::Fields => "fields",
        }
    }

    /// The type of that name, compared exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for AuthType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An opened credential, borrowed for one call. `Debug` shows names, never values.
#[derive(Clone, Copy)]
pub struct CredentialView<'a> {
    /// Which of the connector's ways to authenticate it belongs to.
    pub kind: AuthType,
    /// Field names and opened values. An OAuth grant has at least `access_token`.
    pub fields: &'a [(&'a str, &'a str)],
}

impl<'a> CredentialView<'a> {
    /// The value of a field, if the credential has it.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

impl fmt::Debug for CredentialView<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        formatter.debug_struct("CredentialView").field("kind", &self.kind).field("fields", &names).finish()
    }
}
