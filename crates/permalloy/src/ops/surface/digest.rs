//! What a listening client would see, boiled down to what has to be compared.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

use crate::{access::Client, app::App, error::Error};

/// Equal digests: nothing to tell.
pub(crate) struct Digest {
    pub(crate) tools: u64,
    pub(crate) prompts: u64,
    pub(crate) resources: u64,
    /// The server's own resources and what is in them.
    pub(crate) contents: BTreeMap<String, u64>,
}

impl Digest {
    /// What the client would see now.
    pub(crate) async fn of(app: &App, client: &Client) -> Result<Self, Error> {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let own = client.server.account.list_server_resources(&client.server.server_id).await?;
        let contents = own.into_iter().map(|own| (own.uri, hasher.hash_one((own.text, own.blob)))).collect();
        Ok(Self {
            tools: hasher.hash_one(super::tools::list(app, client, None)?),
            prompts: hasher.hash_one(super::prompts::list(client).await?),
            resources: hasher.hash_one(super::resources::list(client).await?),
            contents,
        })
    }
}
