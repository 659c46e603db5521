//! What minijinja doesn't know and templates use, put in words that it knows.
//!
//! `{% generation %}…{% endgeneration %}` becomes a filter block, a block tag as well, so the rules
//! of white space around it stay. `'…' % values` becomes a filter of the string.

/// Name of the filter around what a template says is generated.
pub(super) const GENERATION: &str = "_stowage_generation";
/// Name of the filter for `%`.
pub(super) const PERCENT: &str = "_stowage_percent";

/// The template rewritten, and whether it has generation marks.
///
/// # Errors
/// What is wrong: a tag or string without an end, marks that don't pair.
pub(super) fn rewritten(source: &str) -> Result<(String, bool), String> {
    let mut out = String::with_capacity(source.len());
    let (mut rest, mut open, mut marks) = (source, false, false);
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let (end, is_block) = match tag.as_bytes().get(1) {
            Some(b'#') => (closed(tag, "#}")?, false),
            Some(b'{') => (inside(tag, "}}")?, false),
            Some(b'%') => (inside(tag, "%}")?, true),
            _ => {
                out.push('{');
                rest = &tag[1..];
                continue;
            }
        };
        let mut own = tag[..end].to_string();
        let mut length = end;
        let name = if is_block { name_of(&own) } else { "" };
        match name {
            "generation" if open => {
                return Err("a generation block within another".to_string());
            }
            "generation" => {
                own = own.replacen("generation", &format!("filter {GENERATION}"), 1);
                (open, marks) = (true, true);
            }
            "endgeneration" if !open => {
                return Err("endgeneration without its beginning".to_string());
            }
            "endgeneration" => {
                own = own.replacen("endgeneration", "endfilter", 1);
                open = false;
            }
            "raw" => {
                // Everything up to its end is text.
                let mut behind = end;
                loop {
                    let next = tag[behind..].find("{%").ok_or("raw without an end")? + behind;
                    let last = closed(&tag[next..], "%}")? + next;
                    behind = last;
                    if name_of(&tag[next..last]) == "endraw" {
                        break;
                    }
                }
                own = tag[..behind].to_string();
                length = behind;
            }
            _ if !own.starts_with("{#") => own = percents(&own),
            _ => {}
        }
        out.push_str(&own);
        rest = &tag[length..];
    }
    if open {
        return Err("generation without endgeneration".to_string());
    }
    out.push_str(rest);
    Ok((out, marks))
}

/// Bytes up to the end of what `end` closes, wherever it stands.
fn closed(tag: &str, end: &str) -> Result<usize, String> {
    let found = tag[2..].find(end);
    found.map(|at| at + 2 + end.len()).ok_or_else(|| format!("'{}' without '{end}'", &tag[..2]))
}

/// The same, where strings may hold `end`.
fn inside(tag: &str, end: &str) -> Result<usize, String> {
    let mut at = 2;
    while at < tag.len() {
        match tag.as_bytes()[at] {
            b'\'' | b'"' => at = string_end(tag, at).ok_or("a string without an end")?,
            _ if tag[at..].starts_with(end) && !within_braces(&tag[2..at], end) => {
                return Ok(at + end.len());
            }
            _ => at += next_width(tag, at),
        }
    }
    Err(format!("'{}' without '{end}'", &tag[..2]))
}

/// Whether a dictionary is still open, whose brace `}}` would close.
fn within_braces(expression: &str, end: &str) -> bool {
    if end != "}}" {
        return false;
    }
    let (mut depth, mut at) = (0_i32, 0);
    while at < expression.len() {
        match expression.as_bytes()[at] {
            b'\'' | b'"' => match string_end(expression, at) {
                Some(behind) => at = behind,
                None => return false,
            },
            sign => {
                depth += i32::from(sign == b'{') - i32::from(sign == b'}');
                at += next_width(expression, at);
            }
        }
    }
    depth > 0
}

fn next_width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// The place behind the string that begins at `at`.
fn string_end(text: &str, at: usize) -> Option<usize> {
    let quote = text.as_bytes()[at];
    let mut end = at + 1;
    while end < text.len() {
        match text.as_bytes()[end] {
            b'\\' => end += 1 + text.get(end + 1..).map_or(0, |_| next_width(text, end + 1)),
            byte if byte == quote => return Some(end + 1),
            _ => end += next_width(text, end),
        }
    }
    None
}

/// The first word of a block tag.
fn name_of(tag: &str) -> &str {
    let inner = tag.strip_prefix("{%").unwrap_or(tag);
    let inner = inner.strip_suffix("%}").unwrap_or(inner).trim_start_matches(['-', '+']);
    let inner = inner.trim_start();
    let end = inner.find(|one: char| !(one.is_alphanumeric() || one == '_'));
    &inner[..end.unwrap_or(inner.len())]
}

/// `'…' % x` as `'…' | filter(x)`, for an x that is in parentheses or a name with what follows it.
fn percents(tag: &str) -> String {
    let (mut out, mut at, mut after_string) = (String::with_capacity(tag.len()), 0, false);
    while at < tag.len() {
        let byte = tag.as_bytes()[at];
        if matches!(byte, b'\'' | b'"')
            && let Some(end) = string_end(tag, at)
        {
            out.push_str(&tag[at..end]);
            (at, after_string) = (end, true);
            continue;
        }
        if after_string
            && byte == b'%'
            && !tag[at..].starts_with("%}")
            && let Some((start, end)) = operand(tag, at + 1)
        {
            out.push_str(&["|", PERCENT, "(", &tag[start..end], ")"].concat());
            (at, after_string) = (end, false);
            continue;
        }
        let width = next_width(tag, at);
        after_string &= byte.is_ascii_whitespace();
        out.push_str(&tag[at..at + width]);
        at += width;
    }
    out
}

/// Begin and end of the operand that follows `at`.
fn operand(tag: &str, at: usize) -> Option<(usize, usize)> {
    let start = at + tag[at..].len() - tag[at..].trim_start().len();
    let mut end = start;
    loop {
        match tag.as_bytes().get(end)? {
            b'(' | b'[' => end = matching(tag, end)?,
            b'\'' | b'"' if end == start => end = string_end(tag, end)?,
            b'.' if end > start => end += 1,
            byte if byte.is_ascii_alphanumeric() || *byte == b'_' => end += 1,
            _ => break,
        }
    }
    (end > start).then_some((start, end))
}

/// The place behind the bracket that closes the one at `at`.
fn matching(tag: &str, mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    while at < tag.len() {
        match tag.as_bytes()[at] {
            b'\'' | b'"' => at = string_end(tag, at)?,
            sign => {
                depth += usize::from(matches!(sign, b'(' | b'['));
                if matches!(sign, b')' | b']') {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                at += next_width(tag, at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    fn of(source: &str) -> String {
        rewritten(source).expect("it is well formed").0
    }

    #[test]
    fn generation_marks_become_filter_blocks_and_keep_their_signs() {
        let (text, marks) = rewritten("a{%- generation -%}b{%+ endgeneration %}c").expect("pairs");
        assert!(marks);
        assert_eq!(text, "a{%- filter _stowage_generation -%}b{%+ endfilter %}c");
    }

    #[test]
    fn comments_strings_and_raw_text_are_left_alone() {
        for source in [
            "{# {% generation %} #}x",
            "{% raw %}{% generation %}{% endraw %}",
            "{{ '{% generation %}' }}",
            "{{ '%}' }}{% if a == '%}' %}{% endif %}",
            "{{ {'a': {'b': 1}} }}",
            "{ {a} }",
            "{{ 5 % 3 }}{{ x % y }}",
        ] {
            let (text, marks) = rewritten(source).expect("it is well formed");
            assert_eq!(text, source);
            assert!(!marks);
        }
    }

    #[test]
    fn marks_that_do_not_pair_are_refused() {
        for source in [
            "{% generation %}",
            "{% endgeneration %}",
            "{% generation %}{% generation %}{% endgeneration %}{% endgeneration %}",
            "{{ 'a",
            "{% if x",
            "{# x",
        ] {
            assert!(rewritten(source).is_err(), "{source}");
        }
    }

    #[test]
    fn a_percent_behind_a_string_becomes_a_filter() {
        assert_eq!(of("{{ '%s' % x }}"), "{{ '%s' |_stowage_percent(x) }}");
        assert_eq!(
            of("{{ \"%s %s\" % (a, b[')']) ~ 'c' }}"),
            "{{ \"%s %s\" |_stowage_percent((a, b[')'])) ~ 'c' }}"
        );
        assert_eq!(of("{%- set x = '%d' % a.b -%}"), "{%- set x = '%d' |_stowage_percent(a.b) -%}");
        assert_eq!(of("{%- if x == 'a' %}"), "{%- if x == 'a' %}");
    }
}
