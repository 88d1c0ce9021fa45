//! The reference page docs/reference/config.md, made from the table of settings. Writes no file itself.

use std::fmt::Write as _;

use super::settings::{self, Setting};

const HEAD: &str = "# Settings

Every setting is a flag, an environment variable and a line in the TOML file (`--config FILE` or
`PERMALLOY_CONFIG`), in that order of precedence. Settings without a flag of their own are given as
`--set section.name=value`. Unknown names are errors, and all problems are reported at once.
`permalloy config show` prints what is in force and where it comes from; `permalloy config check` only checks.

Lists are written as an array in the file and with commas elsewhere. A variable set to nothing counts as not set.

This page is generated from the table of settings.
";

/// The whole page as Markdown.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut section = "";
    for setting in settings::all() {
        let name = setting.key.split('.').next().unwrap_or(setting.key);
        if name != section {
            section = name;
            push(&mut page, format_args!("\n## {section}\n"));
        }
        push_setting(&mut page, setting);
    }
    page
}

fn push_setting(page: &mut String, setting: &Setting) {
    push(page, format_args!("\n### `{}`\n\n{}\n\n", setting.key, setting.about));
    push(page, format_args!("- variable: `{}`\n", setting.variable));
    if let Some(flag) = setting.flag {
        push(page, format_args!("- flag: `{flag}`\n"));
    }
    match setting.default {
        "" => push(page, format_args!("- default: none\n")),
        default => push(page, format_args!("- default: `{default}`\n")),
    }
    push(page, format_args!("- expects {}\n", setting.expected));
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a String takes every write");
}
