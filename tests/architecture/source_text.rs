//! Reads Rust as text: its tokens without comments and literals, and the paths that they spell.

/// A word, a number, `::`, or one sign. Comments, strings, characters and lifetimes are no tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// All tokens of a file.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = literal(rest).or_else(|| comment(rest));
        let (length, token) = match length {
            Some(length) => (length, false),
            None if first.is_whitespace() => (first.len_utf8(), false),
            None if is_word(first) => (rest.find(|char| !is_word(char)).unwrap_or(rest.len()), true),
            None if rest.starts_with("::") => (2, true),
            None => (first.len_utf8(), true),
        };
        let (taken, after) = rest.split_at(length);
        if token {
            tokens.push(Token { text: taken.to_owned(), line });
        }
        line += taken.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The tokens that are compiled into the product: whatever `#[cfg(test)]` stands on is left out.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if spells(&tokens[at..], "# [ cfg ( test ) ]") {
            at = item_end(tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Whether these tokens begin with the phrase, whose tokens are written with spaces between.
pub fn spells(tokens: &[Token], phrase: &str) -> bool {
    let mut tokens = tokens.iter();
    phrase.split(' ').all(|word| tokens.next().is_some_and(|token| token.text == word))
}

/// The lines on which a phrase stands.
pub fn lines_with(tokens: &[Token], phrase: &str) -> Vec<usize> {
    (0..tokens.len()).filter(|&at| spells(&tokens[at..], phrase)).map(|at| tokens[at].line).collect()
}

/// Every path that begins with `root::`, in imports (each leaf of a `use` tree) and in the midst of code, without the
/// root itself and with its line.
pub fn paths(tokens: &[Token], root: &str) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let begins = at == 0 || tokens[at - 1].text != "::";
        if begins && tokens[at].text == root && spells(&tokens[at + 1..], "::") {
            let mut leaves = Vec::new();
            tree(tokens, at + 2, &[], &mut leaves);
            found.extend(leaves.into_iter().map(|path| (path, tokens[at].line)));
        }
    }
    found
}

/// Reads one `use` tree, or one path, and gives the place behind it.
fn tree(tokens: &[Token], mut at: usize, above: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let mut path = above.to_vec();
    loop {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = tree(tokens, at, &path, leaves);
                    // Past `as name` and `*`, to the next of the tree.
                    while tokens.get(at).is_some_and(|token| !matches!(token.text.as_str(), "," | "}")) {
                        at += 1;
                    }
                    at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
                }
                return at + 1;
            }
            Some(word) if word.starts_with(is_word) => {
                if word != "self" {
                    path.push(word.to_owned());
                }
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at).is_some_and(|token| token.text == "::") {
            at += 1;
        } else {
            break;
        }
    }
    leaves.push(path);
    at
}

/// Where the item that begins here is over: behind its `;` or its closing brace.
fn item_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => return at + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let mut depth = 0;
    let mut at = 0;
    while rest.starts_with("/*") {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest[at..].chars().next()?.len_utf8();
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The length of the string, character or lifetime that stands here.
fn literal(rest: &str) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('\'') {
        let mut chars = after.char_indices().skip(1);
        let lifetime = !after.starts_with('\\') && chars.next().is_none_or(|(_, second)| second != '\'');
        return Some(1 + if lifetime { after.find(|char| !is_word(char))? } else { quoted(after, '\'')? });
    }
    let body = rest.trim_start_matches(['b', 'c']);
    if rest.len() - body.len() > 1 {
        return None;
    }
    if let Some(body) = body.strip_prefix('"') {
        return Some(rest.len() - body.len() + quoted(body, '"')?);
    }
    let hashes = body.strip_prefix('r')?;
    let inside = hashes.trim_start_matches('#');
    let count = hashes.len() - inside.len();
    let inside = inside.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    Some(rest.len() - inside.len() + inside.find(&end)? + end.len())
}

/// How far it is to behind the closing quote.
fn quoted(inside: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, char) in inside.char_indices() {
        if !escaped && char == quote {
            return Some(at + 1);
        }
        escaped = !escaped && char == '\\';
    }
    None
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
