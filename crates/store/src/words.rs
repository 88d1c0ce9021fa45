//! The closed sets of words that columns hold.

/// A column holds a word that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown {kind} {word:?}")]
pub struct UnknownWord {
    kind: &'static str,
    word: String,
}

fn known<T>(kind: &'static str, word: String, found: Option<T>) -> Result<T, UnknownWord> {
    found.ok_or(UnknownWord { kind, word })
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in its account, and acting for any of its users.
    Admin,
    /// Only what is its own user's.
    Member,
}

impl Role {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Member => "member",
        }
    }

    /// The role of that word.
    pub fn parse(word: &str) -> Option<Role> {
        [Role::Admin, Role::Member].into_iter().find(|role| role.as_str() == word)
    }
}

impl TryFrom<String> for Role {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Role, UnknownWord> {
        let found = Role::parse(&word);
        known("role", word, found)
    }
}

/// Which tools a server lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToolMode {
    /// The meta-tools.
    Dynamic,
    /// One tool per allowed action.
    Direct,
    /// Both.
    Both,
}

impl ToolMode {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            ToolMode::Dynamic => "dynamic",
            ToolMode::Direct => "direct",
            ToolMode::Both => "both",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<ToolMode> {
        [ToolMode::Dynamic, ToolMode::Direct, ToolMode::Both].into_iter().find(|mode| mode.as_str() == word)
    }
}

impl TryFrom<String> for ToolMode {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<ToolMode, UnknownWord> {
        let found = ToolMode::parse(&word);
        known("tool mode", word, found)
    }
}

/// How a server learns which user a client acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A header names the user.
    Header,
    /// A verified JWT names the user.
    Jwt,
    /// Always the server's owner.
    Owner,
}

impl Identity {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Identity::Header => "header",
            Identity::Jwt => "jwt",
            Identity::Owner => "owner",
        }
    }

    /// The identity mode of that word.
    pub fn parse(word: &str) -> Option<Identity> {
        [Identity::Header, Identity::Jwt, Identity::Owner].into_iter().find(|mode| mode.as_str() == word)
    }
}

impl TryFrom<String> for Identity {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Identity, UnknownWord> {
        let found = Identity::parse(&word);
        known("identity mode", word, found)
    }
}

/// Whether a credential can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialStatus {
    /// It works, as far as known.
    Active,
    /// Its time is over.
    Expired,
    /// The platform or the user took it back.
    Revoked,
    /// The platform refused it; the reason is stored beside it.
    Error,
}

impl CredentialStatus {
    const ALL: [CredentialStatus; 4] = [
        CredentialStatus::Active,
        CredentialStatus::Expired,
        CredentialStatus::Revoked,
        CredentialStatus::Error,
    ];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            CredentialStatus::Active => "active",
            CredentialStatus::Expired => "expired",
            CredentialStatus::Revoked => "revoked",
            CredentialStatus::Error => "error",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<CredentialStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl TryFrom<String> for CredentialStatus {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<CredentialStatus, UnknownWord> {
        let found = CredentialStatus::parse(&word);
        known("credential status", word, found)
    }
}

/// How far an execution got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionStatus {
    /// Recorded, and on its way.
    Running,
    /// The platform did it.
    Succeeded,
    /// It was not done, or the platform answered with an error.
    Failed,
    /// The process ended before the outcome was recorded.
    Unknown,
}

impl ExecutionStatus {
    const ALL: [ExecutionStatus; 4] = [
        ExecutionStatus::Running,
        ExecutionStatus::Succeeded,
        ExecutionStatus::Failed,
        ExecutionStatus::Unknown,
    ];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExecutionStatus::Running => "running",
            ExecutionStatus::Succeeded => "succeeded",
            ExecutionStatus::Failed => "failed",
            ExecutionStatus::Unknown => "unknown",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<ExecutionStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl TryFrom<String> for ExecutionStatus {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<ExecutionStatus, UnknownWord> {
        let found = ExecutionStatus::parse(&word);
        known("execution status", word, found)
    }
}
