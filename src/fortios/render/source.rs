//! Which line of a template a rendered line comes from.

/// The line of a template that rendered to `rendered`: the first whose literal text stands in it in order.
pub(super) fn source_line(source: &str, rendered: &str) -> Option<usize> {
    let stands_in = |line: &str| {
        let mut rest = rendered;
        let mut literals = literals(line).peekable();
        literals.peek().is_some()
            && literals.all(|literal| match rest.split_once(literal) {
                Some((_, behind)) => {
                    rest = behind;
                    true
                }
                None => false,
            })
    };
    source.lines().position(stands_in).map(|at| at + 1)
}

/// What of a template's line is printed as it is.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    let outside = |part: &'_ str| part.rfind("}}").or_else(|| part.rfind("%}")).map_or(0, |at| at + 2);
    let parts = line.split("{{").flat_map(|part| part.split("{%"));
    parts.map(move |part| part.get(outside(part)..).unwrap_or_default().trim()).filter(|literal| !literal.is_empty())
}
