//! Braces of the shell in a pattern: `{train,valid}` stands for each of its words, `{00..63}` for each
//! of the numbers, with as many digits as the longer end has. Braces may stand in braces.
//!
//! O(patterns that come out). Expanded here, before `glob` sees them: `globset` knows words alone,
//! and would be a second library for patterns.

/// Patterns that one may stand for: more than there are files in one call.
const MOST: usize = 1 << 16;

/// What `pattern` stands for, in the order of its words; itself where it has no braces, or none that
/// say anything (`{}`, `{a}`, one that isn't closed), as in a shell.
///
/// # Errors
/// The reason, if it stands for more than [`MOST`] patterns.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let mut from = 0;
    while let Some(open) = pattern[from..].find('{').map(|at| from + at) {
        if let Some((inside, after)) = closed(&pattern[open..])
            && let Some(words) = words(inside)?
        {
            return joined(&pattern[..open], &words, after);
        }
        from = open + 1;
    }
    Ok(vec![pattern.to_string()])
}

/// Whether `pattern` stands for others.
pub(super) fn any(pattern: &str) -> bool {
    pattern.contains('{') && expand(pattern).map_or(true, |all| all != [pattern])
}

fn joined(before: &str, words: &[String], after: &str) -> Result<Vec<String>, String> {
    let ends = expand(after)?;
    let mut all = Vec::new();
    for word in words {
        for word in expand(word)? {
            all.extend(ends.iter().map(|end| format!("{before}{word}{end}")));
            if all.len() > MOST {
                return Err(format!("its braces stand for more than {MOST} names"));
            }
        }
    }
    Ok(all)
}

/// What stands in the brace that `text` begins with, and behind it; nothing if it isn't closed.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

/// The words of a brace: between commas that stand in no other, or the numbers of a range.
fn words(inside: &str) -> Result<Option<Vec<String>>, String> {
    let (mut words, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                words.push(inside[from..at].to_string());
                from = at + 1;
            }
            _ => {}
        }
    }
    if words.is_empty() {
        return numbers(inside);
    }
    words.push(inside[from..].to_string());
    Ok(Some(words))
}

/// `08..11` as 08, 09, 10, 11; downwards where the first is larger.
fn numbers(inside: &str) -> Result<Option<Vec<String>>, String> {
    let Some((first, last)) = inside.split_once("..") else { return Ok(None) };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return Ok(None);
    }
    let (Ok(from), Ok(to)) = (first.parse::<u64>(), last.parse::<u64>()) else { return Ok(None) };
    if from.abs_diff(to) >= MOST as u64 {
        return Err(format!("its braces stand for more than {MOST} names"));
    }
    let padded = [first, last].iter().any(|end| end.len() > 1 && end.starts_with('0'));
    let width = if padded { first.len().max(last.len()) } else { 0 };
    let mut numbers: Vec<u64> = (from.min(to)..=from.max(to)).collect();
    if from > to {
        numbers.reverse();
    }
    Ok(Some(numbers.iter().map(|number| format!("{number:0width$}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::{any, expand};

    #[test]
    fn braces_stand_for_what_bash_makes_of_them() {
        for (pattern, expected) in [
            ("a", "a"),
            ("x{a,b}y", "xay xby"),
            ("{a,b}{c,d}", "ac ad bc bd"),
            ("a{,b}", "a ab"),
            ("{a,b{c,d}}e", "ae bce bde"),
            ("{8..11}", "8 9 10 11"),
            ("{08..11}", "08 09 10 11"),
            ("{2..0}", "2 1 0"),
            ("{0..1}{a,b}", "0a 0b 1a 1b"),
            ("{a}", "{a}"),
            ("{}", "{}"),
            ("{a,b", "{a,b"),
            ("}{a,b}", "}a }b"),
            ("{a,{b}", "{a,{b}"),
            ("{{a,b}", "{a {b"),
            ("{1..}", "{1..}"),
            ("{x{a,b}}", "{xa} {xb}"),
        ] {
            let found = expand(pattern).expect("few names").join(" ");
            assert_eq!(found, expected, "{pattern}");
            assert_eq!(any(pattern), pattern != expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_stands_for_too_many_names_is_refused() {
        assert!(expand("{0..65535}").is_ok());
        for many in ["{0..65536}", "{0..18446744073709551615}", &"{a,b}".repeat(17)] {
            assert!(expand(many).expect_err(many).contains("65536"));
        }
    }
}
