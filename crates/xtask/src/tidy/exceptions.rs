//! What is allowed to break a rule, each with its reason. The list only shrinks: one that no longer
//! applies is an error, and so is a list that has grown past its mark.

use super::Finding;

/// A finding that is accepted.
pub(crate) struct Exception {
    pub(crate) rule: &'static str,
    pub(crate) path: &'static str,
    /// A part of the finding's advice, so that one exception never covers two things.
    pub(crate) about: &'static str,
    pub(crate) reason: &'static str,
}

/// The accepted findings.
pub(crate) const EXCEPTIONS: &[Exception] = &[];

/// Takes the accepted findings out, and adds one for each exception that is not needed or has no reason.
pub(crate) fn apply(exceptions: &[Exception], found: Vec<Finding>) -> Vec<Finding> {
    let mut used = vec![false; exceptions.len()];
    let mut left = Vec::new();
    for finding in found {
        let matching = exceptions.iter().position(|exception| {
            exception.rule == finding.rule
                && exception.path == finding.path
                && finding.advice.contains(exception.about)
        });
        match matching.and_then(|index| used.get_mut(index)) {
            Some(used) => *used = true,
            None => left.push(finding),
        }
    }
    for (exception, used) in exceptions.iter().zip(used) {
        let advice = match (used, exception.reason.is_empty()) {
            (true, false) => continue,
            (true, true) => format!("the exception from `{}` needs a reason", exception.rule),
            (false, _) => format!("the exception from `{}` no longer applies: delete it", exception.rule),
        };
        left.push(Finding { path: exception.path.to_owned(), line: 0, rule: "exception", advice });
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lower it when an exception goes; never raise it.
    const MOST: usize = 0;

    #[test]
    fn the_list_of_exceptions_does_not_grow() {
        assert_eq!(EXCEPTIONS.len(), MOST, "obey the rule, or change it for everyone");
    }

    #[test]
    fn an_exception_that_no_longer_applies_is_an_error() {
        let stale = Exception { rule: "length", path: "a.rs", about: "", reason: "a table" };
        let left = apply(&[stale], Vec::new());
        assert_eq!(left.len(), 1);
        assert_eq!(
            left[0].to_string(),
            "a.rs:1: exception: the exception from `length` no longer applies: delete it"
        );
    }

    #[test]
    fn an_exception_takes_its_finding_out_and_no_other() {
        let table = Exception { rule: "length", path: "a.rs", about: "700", reason: "a table" };
        let finding =
            |path: &str| Finding { path: path.into(), line: 1, rule: "length", advice: "700 lines".into() };
        let left = apply(&[table], vec![finding("a.rs"), finding("b.rs")]);
        assert_eq!(left, vec![finding("b.rs")]);
    }
}
