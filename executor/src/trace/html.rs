//! A recording as one HTML file, which opens from the disk without a network.
//!
//! The page is a template that holds its style, its scripts, and the recording: the tables as JSON, the events
//! as base64. The scripts are in `page/`, and `page/main.js` ties them together.
//!
//! Called by `trace`. Next: `trace::chrome`.

use reactor::record::{Clock, Recorded, Track};

use super::encode::{Encoded, Object, Task, encode};
use super::json;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// In this order: each uses what the ones before it define.
const SCRIPTS: [&str; 17] = [
    include_str!("page/format.js"),
    include_str!("page/decode.js"),
    include_str!("page/lanes.js"),
    include_str!("page/model.js"),
    include_str!("page/life.js"),
    include_str!("page/why.js"),
    include_str!("page/locks.js"),
    include_str!("page/findings.js"),
    include_str!("page/words.js"),
    include_str!("page/scale.js"),
    include_str!("page/overview.js"),
    include_str!("page/pointer.js"),
    include_str!("page/threads.js"),
    include_str!("page/tasks.js"),
    include_str!("page/detail.js"),
    include_str!("page/text.js"),
    include_str!("page/main.js"),
];

/// Puts the recording into the page. `panic` is the first panic of the program.
pub(super) fn page(recorded: &Recorded, panic: Option<&str>) -> String {
    let encoded = encode(recorded);
    let data = format!(
        "<script type=\"application/json\" id=\"recording\">{}</script>\n\
         <script type=\"text/plain\" id=\"events\">{}</script>",
        tables(recorded, &encoded, panic),
        base64(&encoded.bytes),
    );
    // The recording comes last, since it may contain the other placeholders.
    TEMPLATE
        .replace("/*STYLE*/", &without_comments(STYLE).replace(": ", ":").replace("; ", ";"))
        .replace("/*SCRIPT*/", &SCRIPTS.map(without_comments).concat())
        .replace("<!--SUMMARY-->", &summary(recorded, &encoded))
        .replace("<!--RECORDING-->", &data)
}

/// Everything but the events, as JSON.
fn tables(recorded: &Recorded, encoded: &Encoded, panic: Option<&str>) -> String {
    let thread = |track: &Track| {
        let (name, worker) = (json::string(&track.name), json::or_null(track.worker.map(|(_, index)| index)));
        format!("{{\"name\":{name},\"worker\":{worker},\"lost\":{}}}", track.lost)
    };
    let task = |task: &Task| {
        let name = json::or_null(task.name.as_deref().map(json::string));
        let (site, parent) = (json::or_null(task.site), json::or_null(task.parent));
        format!("{{\"kind\":\"{}\",\"name\":{name},\"site\":{site},\"parent\":{parent}}}", task.kind)
    };
    let thing = |thing: &Object| {
        let label = json::or_null(thing.label.as_deref().map(json::string));
        format!("{{\"class\":\"{}\",\"label\":{label}}}", thing.class)
    };
    format!(
        "{{\"format\":1,\n\"program\":{program},\n\"duration\":{duration},\n\"clock\":\"{clock}\",\n\
         \"book\":{book},\n\"panic\":{panic},\n\"threads\":{threads},\n\"tasks\":{tasks},\n\
         \"sites\":{sites},\n\"things\":{things}}}",
        program = json::string(&program()),
        duration = recorded.duration.as_nanos(),
        clock = if recorded.clock == Clock::Tsc { "tsc" } else { "monotonic" },
        book = json::or_null(book().as_deref().map(json::string)),
        panic = json::or_null(panic.map(json::string)),
        threads = json::list(recorded.threads.iter().map(thread)),
        tasks = json::list(encoded.tasks.iter().map(task)),
        sites = json::list(recorded.sites.iter().map(|site| json::string(&site.to_string()))),
        things = json::list(encoded.things.iter().map(thing)),
    )
}

fn program() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_name());
    name.map_or_else(|| "a program".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The URL of the annotated source, if it was built in a directory above the program, such as `target`.
fn book() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let html = program.ancestors().map(|folder| folder.join("book/html")).find(|html| html.is_dir())?;
    Some(address(html.to_str()?))
}

/// The URL of a directory. Characters that would end the path of a URL are escaped.
fn address(folder: &str) -> String {
    format!("file://{}/", folder.replace('%', "%25").replace('#', "%23").replace('?', "%3F"))
}

/// What readers without JavaScript see.
fn summary(recorded: &Recorded, encoded: &Encoded) -> String {
    format!(
        "<p>{} events of {} threads and {} tasks. The page needs JavaScript to show them.</p>",
        recorded.events(),
        recorded.threads.len(),
        encoded.tasks.len(),
    )
}

/// Leaves out comments, indentation and what only Node.js needs: two fifths of the bytes. The sources keep to
/// the rules in `page/tests/assemble.js`, which make that possible without a parser.
fn without_comments(source: &str) -> String {
    const EXPORTS: &str = "if (typeof module !== 'undefined') {";
    let mut kept = String::with_capacity(source.len());
    let mut in_comment = false;
    for line in source.lines().map(str::trim).take_while(|line| *line != EXPORTS) {
        in_comment |= line.starts_with("/*") && !line.contains("*/");
        let is_comment = line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
        let is_for_node = line.starts_with("if (typeof module") && line.ends_with(';');
        let is_code = !(in_comment || is_comment || is_for_node || line.is_empty());
        in_comment &= !line.contains("*/");
        if is_code {
            kept += &without_types(line);
            kept.push('\n');
        }
    }
    kept
}

/// Leaves out the type comments in a line of code.
fn without_types(line: &str) -> String {
    let mut kept = line.to_owned();
    while let Some(begin) = kept.find("/** @type")
        && let Some(length) = kept[begin..].find("*/")
    {
        let rest = kept[begin + length + 2..].trim_start().to_owned();
        kept.truncate(begin);
        kept += &rest;
    }
    kept
}

/// Base64 as in RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= chunk.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_only_node_needs_are_left_out() {
        let source = "// a comment\n/** one line */\n/**\n * two\n */\n  let a = /** @type {x} */ b; // kept\n\
                      if (typeof module !== 'undefined') {\n  module.exports = { a };\n}\n";
        assert_eq!(without_comments(source), "let a = b; // kept\n");
    }

    /// The page is small beside its recording.
    #[test]
    fn the_page_has_at_most_100_kilobytes() {
        let empty = Recorded {
            duration: std::time::Duration::ZERO,
            clock: Clock::Monotonic,
            threads: Vec::new(),
            lost: 0,
            sites: Vec::new(),
        };
        let page = page(&empty, Some("</script>"));
        assert!(page.len() <= 100_000, "{}", page.len());
        assert!(!page.contains("module.exports"));
        assert_eq!(page.matches("</script>").count(), 3, "the panic's text ends none");
    }

    #[test]
    fn an_address_leads_to_the_folder_whatever_its_name_is() {
        assert_eq!(address("/a/b c"), "file:///a/b c/");
        assert_eq!(address("/50% #1?"), "file:///50%25 %231%3F/");
    }

    /// The examples of RFC 4648.
    #[test]
    fn base64_is_that_of_the_rfc() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }
}
