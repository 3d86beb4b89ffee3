//! What a misspelt name was meant to be.

/// The known name that is one or two slips of the pen away from `name`, the nearest first. Names of up to three letters
/// are too short to guess.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let guesses = known.iter().filter(|known| known.len() > 3).map(|known| (distance(name, known), *known));
    guesses.filter(|(distance, _)| *distance <= 2).min().map(|(_, known)| known)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbours to make `other` of `one`; case
/// does not count.
fn distance(one: &str, other: &str) -> usize {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (one, other) = (lower(one), lower(other));
    // The distances of the prefixes of `one` that end here and one earlier from all prefixes of `other`.
    let mut earlier: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, &letter) in one.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut before = None;
        for (column, &expected) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&last, column) + usize::from(letter != expected);
            let mut best = changed.min(at(&last, column + 1) + 1).min(at(&line, column) + 1);
            if previous == Some(expected) && before == Some(letter) {
                best = best.min(at(&earlier, column.wrapping_sub(1)) + 1);
            }
            line.push(best);
            before = Some(expected);
        }
        earlier = std::mem::replace(&mut last, line);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_slips() {
        let cases = [
            ("version", "version", 0),
            ("Version", "version", 0),
            ("verison", "version", 1),
            ("vesrion", "version", 1),
            ("versoin", "version", 1),
            ("valeu", "value", 1),
            ("nmae", "name", 1),
            ("sampleRate", "samplingRate", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ];
        for (one, other, expected) in cases {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn only_near_names_are_guessed() {
        let known = ["type", "version", "metadata", "ttl"];
        assert_eq!(nearest("verison", &known), Some("version"));
        assert_eq!(nearest("meta", &known), None);
        assert_eq!(nearest("tll", &known), None);
    }
}
