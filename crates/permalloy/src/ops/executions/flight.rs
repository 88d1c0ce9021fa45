//! One run from the arguments to its recorded outcome, owning all it needs, so that it can go on by itself.
