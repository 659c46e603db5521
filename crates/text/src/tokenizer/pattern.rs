//! Which patterns of a `tokenizer.json` may be used.
//!
//! The reference matches them with Oniguruma, this crate with `fancy-regex`. The two differ in
//! `^ $ \A \Z \h \w \b`, POSIX classes and more, and a difference would be other ids without a word.
//! What passes here is read alike by both: literals, `\p{…}` of categories and scripts, `\s \S \d`,
//! classes, groups, `(?i:…)`, quantifiers that aren't nested, and look-ahead.

/// Names of general categories and scripts that both know by the same name.
const PROPERTIES: [&str; 50] = [
    "L",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "M",
    "Mn",
    "Mc",
    "Me",
    "N",
    "Nd",
    "Nl",
    "No",
    "P",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "S",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Z",
    "Zs",
    "Zl",
    "Zp",
    "C",
    "Cc",
    "Cf",
    "Co",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
    "Latin",
    "Greek",
    "Cyrillic",
    "Arabic",
    "Hebrew",
    "Thai",
    "Devanagari",
    "Bengali",
    "Tamil",
    "Georgian",
    "Armenian",
];

/// Pairs of letters that one character stands for when case doesn't matter (`ß`, `ﬁ`, `ﬆ`):
/// Oniguruma takes it for the pair, the other doesn't.
const FOLDED: [&str; 5] = ["ff", "fi", "fl", "ss", "st"];

/// What a pattern holds that two engines may read differently; none if both read it alike.
/// Look-ahead is refused where `ahead` is false.
pub(crate) fn objection(pattern: &str, ahead: bool) -> Option<String> {
    let mut reader = Reader { rest: pattern, ahead, folding: false };
    match reader.alternatives(0) {
        Err(what) => Some(what),
        Ok(_) if !reader.rest.is_empty() => Some("a parenthesis too many".to_string()),
        Ok(_) => None,
    }
}

struct Reader<'a> {
    rest: &'a str,
    ahead: bool,
    /// Inside of `(?i:…)`.
    folding: bool,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Read<char> {
        let next = self.peek().ok_or("it ends in the middle")?;
        self.rest = &self.rest[next.len_utf8()..];
        Ok(next)
    }

    /// Alternatives up to the end or a closing parenthesis; whether something in them is repeated.
    fn alternatives(&mut self, depth: usize) -> Read<bool> {
        if depth > 16 {
            return Err("groups more than 16 deep".to_string());
        }
        let mut repeated = false;
        let mut word = String::new();
        while let Some(next) = self.peek() {
            if next == ')' {
                break;
            }
            let before = self.rest;
            let (inner, literal) = self.one(depth)?;
            if self.folding && literal.is_some_and(|literal| !literal.is_ascii()) {
                return Err("a letter beyond ASCII where case doesn't matter".to_string());
            }
            match literal.filter(|_| self.folding) {
                Some(letter) => word.extend(letter.to_lowercase()),
                None => word.clear(),
            }
            if let Some(pair) = FOLDED.iter().find(|pair| word.ends_with(**pair)) {
                return Err(format!("'{pair}' where case doesn't matter"));
            }
            let one = &before[..before.len() - self.rest.len()];
            let many = self.quantifier()?;
            if many && (one == "|" || one.starts_with("(?=") || one.starts_with("(?!")) {
                return Err(format!("a quantifier behind '{one}'"));
            }
            if many && inner {
                return Err(format!("a quantifier around another: '{one}'"));
            }
            if many && self.folding {
                return Err("a quantifier where case doesn't matter".to_string());
            }
            repeated |= inner || many;
        }
        Ok(repeated)
    }

    /// One literal, class, group or bar: whether something in it is repeated, and the literal.
    fn one(&mut self, depth: usize) -> Read<(bool, Option<char>)> {
        match self.next()? {
            '|' => Ok((false, None)),
            '(' => self.group(depth).map(|inner| (inner, None)),
            '[' => self.class().map(|()| (false, None)),
            '\\' => self.escape().map(|literal| (false, literal)),
            sign @ ('*' | '+' | '?') => Err(format!("'{sign}' behind nothing")),
            sign @ ('^' | '$' | '.' | '{' | '}' | ']') => Err(format!("'{sign}'")),
            literal => Ok((false, Some(literal))),
        }
    }

    fn group(&mut self, depth: usize) -> Read<bool> {
        let folding = self.folding;
        if folding {
            return Err("a group where case doesn't matter".to_string());
        }
        if self.take("?i:") {
            self.folding = true;
        } else if self.take("?=") || self.take("?!") {
            if !self.ahead {
                return Err("look-ahead".to_string());
            }
        } else if !self.take("?:") && self.take("?") {
            let what: String = self.rest.chars().take(2).collect();
            return Err(format!("a group of the kind '(?{what}'"));
        }
        let inner = self.alternatives(depth + 1)?;
        self.folding = folding;
        if self.take(")") { Ok(inner) } else { Err("a parenthesis that isn't closed".to_string()) }
    }

    /// Behind a backslash: the literal it stands for, or none for a class.
    fn escape(&mut self) -> Read<Option<char>> {
        match self.next()? {
            'r' => Ok(Some('\r')),
            'n' => Ok(Some('\n')),
            't' => Ok(Some('\t')),
            's' | 'S' | 'd' => Ok(None),
            'p' | 'P' => self.property().map(|()| None),
            sign if sign.is_ascii_punctuation() && !matches!(sign, '<' | '>' | '`' | '\'') => {
                Ok(Some(sign))
            }
            other => Err(format!("'\\{other}'")),
        }
    }

    fn property(&mut self) -> Read<()> {
        if !self.take("{") {
            return Err("'\\p' without braces".to_string());
        }
        let Some((name, rest)) = self.rest.split_once('}') else {
            return Err("'\\p{' without an end".to_string());
        };
        self.rest = rest;
        if PROPERTIES.contains(&name) { Ok(()) } else { Err(format!("'\\p{{{name}}}'")) }
    }

    fn class(&mut self) -> Read<()> {
        self.take("^");
        let (mut any, mut before) = (false, None);
        loop {
            let next = self.next()?;
            let member = match next {
                ']' if any => return Ok(()),
                ']' => return Err("']' at the beginning of a class".to_string()),
                '[' => return Err("a class in a class".to_string()),
                '\\' => self.escape()?,
                other => Some(other),
            };
            // Doubled signs are operations between classes to one of the two.
            if matches!(next, '&' | '-' | '~') && before == Some(next) {
                return Err(format!("'{next}{next}' in a class"));
            }
            if self.folding && member.is_none_or(|member| !member.is_ascii()) {
                return Err("a class beyond ASCII where case doesn't matter".to_string());
            }
            before = Some(next).filter(|_| next != '\\');
            any = true;
        }
    }

    /// A quantifier, if there is one.
    fn quantifier(&mut self) -> Read<bool> {
        let start = self.rest;
        if !(self.take("*") || self.take("+") || self.take("?")) {
            if !self.take("{") {
                return Ok(false);
            }
            let Some((bounds, rest)) = self.rest.split_once('}') else {
                return Err("'{' without an end".to_string());
            };
            self.rest = rest;
            let mut numbers = bounds.splitn(2, ',');
            let number = |text: &str| text.len() < 4 && text.bytes().all(|it| it.is_ascii_digit());
            let least = numbers.next().is_some_and(|text| !text.is_empty() && number(text));
            if !least || !numbers.next().is_none_or(number) {
                return Err(format!("'{{{bounds}}}'"));
            }
        }
        if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
            let two = &start[..=start.len() - self.rest.len()];
            return Err(format!("a quantifier of a quantifier: '{two}'"));
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::objection;

    #[test]
    fn patterns_of_well_known_tokenizers_pass() {
        for pattern in [
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"\p{N}{1,3}",
            "[\u{4e00}-\u{9fa5}\u{3040}-\u{309f}]+",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        ] {
            assert_eq!(objection(pattern, true), None, "{pattern}");
        }
    }

    #[test]
    fn what_two_engines_may_read_differently_is_named() {
        for (pattern, what) in [
            (r"^a", "'^'"),
            (r"a$", "'$'"),
            (r"a.", "'.'"),
            (r"\w+", r"'\w'"),
            (r"\bfoo", r"'\b'"),
            (r"\h+", r"'\h'"),
            (r"\Afoo\Z", r"'\A'"),
            (r"[[:alpha:]]", "a class in a class"),
            (r"[\p{L}&&[^a]]", "'&&' in a class"),
            (r"[a--b]", "'--' in a class"),
            (r"(?:a+)+", "a quantifier around another: '(?:a+)'"),
            (r"a++", "a quantifier of a quantifier: '++'"),
            (r"a+?", "a quantifier of a quantifier: '+?'"),
            (r"a{,3}", "'{,3}'"),
            (r"(?<=a)b", "a group of the kind '(?<='"),
            (r"(?>a)b", "a group of the kind '(?>a'"),
            (r"\p{Alphabetic}", r"'\p{Alphabetic}'"),
            (r"(?i:st)", "'st' where case doesn't matter"),
            (r"(?i:[é])", "a class beyond ASCII where case doesn't matter"),
            (r"(?i:é)", "a letter beyond ASCII where case doesn't matter"),
            (r"(?i:s(?:t))", "a group where case doesn't matter"),
            (r"(?i:s+t)", "a quantifier where case doesn't matter"),
            (r"(a", "a parenthesis that isn't closed"),
            (r"a)", "a parenthesis too many"),
            (r"[a", "it ends in the middle"),
        ] {
            assert_eq!(objection(pattern, true).as_deref(), Some(what), "{pattern}");
        }
        assert_eq!(objection(r"\s(?=a)", false).as_deref(), Some("look-ahead"));
    }

    #[test]
    fn every_code_point_is_classed_as_the_standard_library_does() {
        // White space and the decimal digits are what both engines take from Unicode's tables.
        let space = fancy_regex::Regex::new(r"\s").expect("a pattern");
        for one in (0..=0x10FFFF).filter_map(char::from_u32) {
            let found = space.is_match(one.encode_utf8(&mut [0; 4])).expect("no limit is near");
            assert_eq!(found, one.is_whitespace(), "U+{:04X}", one as u32);
        }
    }
}
