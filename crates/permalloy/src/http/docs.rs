//! `/docs`: the reference as one page of HTML, made from the route table; works offline and without JavaScript.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};

use super::routes;
use crate::{app::App, error::Error};

/// The page.
#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    base_url: String,
    version: &'static str,
    sections: Vec<Section>,
}

struct Section {
    tag: &'static str,
    rows: Vec<Row>,
}

struct Row {
    method: String,
    path: &'static str,
    summary: &'static str,
    needs: &'static str,
    query: String,
    body: &'static str,
    answer: String,
}

/// `GET /docs`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let page =
        Page { base_url: app.base_url.clone(), version: env!("CARGO_PKG_VERSION"), sections: sections() };
    Ok(Html(page.render().map_err(Error::internal)?).into_response())
}

fn sections() -> Vec<Section> {
    let mut order = Vec::new();
    let mut by_tag: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
    for route in routes::table() {
        if !order.contains(&route.doc.tag) {
            order.push(route.doc.tag);
        }
        let (status, schema) = route.doc.answer;
        by_tag.entry(route.doc.tag).or_default().push(Row {
            method: route.method.to_string(),
            path: route.path,
            summary: route.doc.summary,
            needs: route.needs.word(),
            query: route.doc.query.join(", "),
            body: route.doc.body.unwrap_or_default(),
            answer: format!("{status} {schema}"),
        });
    }
    order.into_iter().filter_map(|tag| Some(Section { tag, rows: by_tag.remove(tag)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_route() {
        let page = Page { base_url: "http://localhost".into(), version: "0", sections: sections() };
        let html = page.render().unwrap();
        for route in routes::table() {
            assert!(html.contains(route.path), "{}", route.path);
        }
    }
}
