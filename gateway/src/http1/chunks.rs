//! Bodies in chunks (RFC 9112 section 7.1), as they are read.

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::Status;

use super::Nonsense;

/// Lines with sizes may be longer than the sizes by this much together: nobody needs their extensions.
const MOST_EXTENSIONS: usize = 16 * 1024;
/// Larger trailer sections are given up.
const LARGEST_TRAILERS: usize = 16 * 1024;
/// More trailers than this no message has.
const MOST_TRAILERS: usize = 100;
/// Of a size: more digits than this are no number that a computer counts to.
const MOST_DIGITS: usize = 16;
/// What follows the data of the last chunk but one, where there are neither extensions nor trailers.
const USUAL_END: &[u8] = b"\r\n0\r\n\r\n";

/// How far a body has come.
#[derive(Debug, Default)]
pub struct Chunks {
    next: Next,
    /// What lines with sizes have had besides.
    extensions: usize,
}

/// What comes next.
#[derive(Debug, Default, PartialEq, Eq)]
enum Next {
    /// A line with a size.
    #[default]
    Size,
    /// So many bytes of a chunk, at least one.
    Data(u64),
    /// The end of a chunk's data.
    DataEnd,
    /// Trailers, or an empty line.
    Trailers,
}

/// What a body consists of.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// Some of its data.
    Data(Bytes),
    /// Its end, with its trailers.
    End(HeaderMap),
}

impl Chunks {
    /// Takes what is there of the next part from `input`; `None` where that is nothing yet.
    pub fn take(&mut self, input: &mut BytesMut) -> Result<Option<Part>, Nonsense> {
        loop {
            match self.next {
                Next::Size => {
                    let Some(line) = input.iter().position(|byte| *byte == b'\n') else {
                        return match self.extensions + input.len() > MOST_EXTENSIONS {
                            true => Err(Nonsense("a line with the size of a chunk does not end")),
                            false => Ok(None),
                        };
                    };
                    let (size, more) = size(&input[..line])?;
                    self.extensions += more;
                    if self.extensions > MOST_EXTENSIONS {
                        return Err(Nonsense("its chunks have too many extensions"));
                    }
                    input.advance(line + 1);
                    self.next = match size {
                        0 => Next::Trailers,
                        size => Next::Data(size),
                    };
                }
                Next::Data(_) if input.is_empty() => return Ok(None),
                Next::Data(left) => {
                    let here = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                    let data = input.split_to(here).freeze();
                    self.next = match left - here as u64 {
                        0 => Next::DataEnd,
                        left => Next::Data(left),
                    };
                    return Ok(Some(Part::Data(data)));
                }
                Next::DataEnd => match input.get(..2) {
                    None => return Ok(None),
                    Some(b"\r\n") => {
                        input.advance(2);
                        self.next = Next::Size;
                    }
                    Some(_) => return Err(Nonsense("a chunk is not as long as it says")),
                },
                Next::Trailers => return Ok(trailers(input)?.map(Part::End)),
            }
        }
    }

    /// Takes the end of the body from `input`, where it is all that comes and is there already.
    pub fn ends(&mut self, input: &mut BytesMut) -> bool {
        let ends = self.next == Next::DataEnd && input.starts_with(USUAL_END);
        if ends {
            input.advance(USUAL_END.len());
        }
        ends
    }
}

/// What a line says, which ends with LF, and how many bytes more than that it has.
fn size(line: &[u8]) -> Result<(u64, usize), Nonsense> {
    let Some(text) = line.strip_suffix(b"\r") else {
        return Err(Nonsense("a line with the size of a chunk ends without CR"));
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, rest) = text.split_at(digits);
    let is_extension = matches!(rest.trim_ascii_start(), [] | [b';', ..]);
    let is_text = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    if !(1..=MOST_DIGITS).contains(&digits) || !is_extension || !rest.iter().all(is_text) {
        return Err(Nonsense("the size of a chunk is no number"));
    }
    let size = size.iter().fold(0, |size, digit| {
        size << 4 | u64::from(char::from(*digit).to_digit(16).unwrap_or_default())
    });
    Ok((size, rest.len()))
}

/// The trailers in `input`, where all of them are there.
fn trailers(input: &mut BytesMut) -> Result<Option<HeaderMap>, Nonsense> {
    let mut room = [httparse::EMPTY_HEADER; MOST_TRAILERS];
    let (length, fields) = match httparse::parse_headers(input, &mut room) {
        Ok(Status::Complete((length, fields))) if length <= LARGEST_TRAILERS => (length, fields),
        Ok(Status::Partial) if input.len() <= LARGEST_TRAILERS => return Ok(None),
        Ok(_) => return Err(Nonsense("its trailers are too large")),
        Err(_) => return Err(Nonsense("its trailers are none")),
    };
    let has_cr = |end: usize| end > 0 && input[end - 1] == b'\r';
    if (0..length).any(|at| input[at] == b'\n' && !has_cr(at)) {
        return Err(Nonsense("a line of its trailers ends without CR"));
    }
    let mut trailers = HeaderMap::new();
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(field.value)) else {
            return Err(Nonsense("its trailers are none"));
        };
        trailers.append(name, value);
    }
    input.advance(length);
    Ok(Some(trailers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Data, trailers, and what is left behind a body.
    type Whole = (Vec<u8>, HeaderMap, Vec<u8>);

    /// A body that comes in pieces of these sizes, where it is whole.
    fn read(text: &[u8], pieces: &[usize]) -> Result<Option<Whole>, String> {
        let (mut chunks, mut input, mut data) = (Chunks::default(), BytesMut::new(), Vec::new());
        let mut rest = text;
        let mut pieces = pieces.iter().cycle();
        loop {
            match chunks.take(&mut input).map_err(|nonsense| nonsense.to_string())? {
                Some(Part::Data(part)) => data.extend_from_slice(&part),
                Some(Part::End(trailers)) => {
                    input.extend_from_slice(rest);
                    return Ok(Some((data, trailers, input.to_vec())));
                }
                None if rest.is_empty() => return Ok(None),
                None => {
                    let (piece, more) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
                    input.extend_from_slice(piece);
                    rest = more;
                }
            }
        }
    }

    #[test]
    fn chunks_become_data_whatever_pieces_they_come_in() {
        let body =
            b"5;a=\"b\"\r\nhello\r\n00000A \t\r\n, world!!!\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\nHTTP/1.1";
        for piece in 1..body.len() {
            let (data, trailers, rest) = read(body, &[piece]).unwrap().unwrap();
            assert_eq!(data, b"hello, world!!!");
            assert_eq!(trailers.get_all("x-sum").iter().count(), 2);
            assert_eq!(rest, b"HTTP/1.1");
        }
        assert_eq!(read(b"5\r\nhello\r\n0\r\n", &[3]), Ok(None), "it is not whole");
    }

    #[test]
    fn the_usual_end_is_seen_with_the_last_data() {
        for (end, ends) in [
            ("\r\n0\r\n\r\n", true),
            ("\r\n0\r\n\r", false),
            ("\r\n0\r\nA: b\r\n\r\n", false),
            ("\r\n5\r\n", false),
        ] {
            let mut input = BytesMut::from(format!("2\r\nhi{end}").as_str());
            let mut chunks = Chunks::default();
            assert!(matches!(chunks.take(&mut input), Ok(Some(Part::Data(_)))));
            assert_eq!(
                (chunks.ends(&mut input), input.is_empty()),
                (ends, ends),
                "{end:?}"
            );
        }
        let mut input = BytesMut::from("4\r\nhi\r\n0\r\n\r\n");
        let mut chunks = Chunks::default();
        let mut first = input.split_to(5);
        assert!(matches!(chunks.take(&mut first), Ok(Some(Part::Data(_)))));
        assert!(!chunks.ends(&mut input), "that is data");
    }

    #[test]
    fn what_breaks_the_coding_is_an_error() {
        let long = format!("5;{}\r\n", "a".repeat(MOST_EXTENSIONS));
        let endless = "0".repeat(MOST_EXTENSIONS + 1);
        let many = format!("1;{}\r\na\r\n", "a".repeat(MOST_EXTENSIONS / 2)).repeat(3);
        let trailers = format!("0\r\nA: {}", "b".repeat(LARGEST_TRAILERS));
        let whole_trailers = format!("{trailers}\r\n\r\n");
        for body in [
            "\r\n",
            "x\r\n",
            "-5\r\nhello\r\n",
            "0x5\r\nhello\r\n",
            " 5\r\nhello\r\n",
            "5 5\r\nhello\r\n",
            "5\nhello\r\n",
            "5;\x01\r\nhello\r\n",
            "5;\r\r\nhello\r\n",
            "11111111111111111\r\n",
            "5\r\nhello!\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "0\r\nA b: c\r\n\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\n\n",
            &long,
            &endless,
            &many,
            &trailers,
            &whole_trailers,
        ] {
            assert!(read(body.as_bytes(), &[1_000_000]).is_err(), "{body:?}");
        }
    }

    proptest! {
        /// Nothing is a panic, and how it comes makes no difference.
        #[test]
        fn pieces_make_no_difference(body in "([0-9a-f]{0,3}(;[a-z]{0,3})?\r\n[a-z]{0,6}\r?\n?){0,6}(0\r\n)?(\r\n)?", pieces in prop::collection::vec(1usize..9, 1..5)) {
            prop_assert_eq!(read(body.as_bytes(), &pieces), read(body.as_bytes(), &[body.len() + 1]));
        }
    }
}
