//! The page: files that are part of the program.
//!
//! A page that is built from many sources needs tools to build it. This one is what the browser loads: a document, a
//! style, and scripts that are modules, each a file that can be read and tested by itself. None of them is inside
//! the document, so the policy can forbid all scripts and styles that are.
//!
//! Used by `web/mod`. Next: `web/runtime`.

use super::response::Response;

/// What the page may do: load its own files, connect to its own server, and post a form to it. Everything else, and
/// every script in the document itself, is refused.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The path, the media type and the text of each file.
const FILES: [(&str, &str, &str); 10] = [
    ("/", "text/html; charset=utf-8", include_str!("page/page.html")),
    ("/page/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/page/main.mjs", SCRIPT, include_str!("page/main.mjs")),
    ("/page/visible.mjs", SCRIPT, include_str!("page/visible.mjs")),
    ("/page/log.mjs", SCRIPT, include_str!("page/log.mjs")),
    ("/page/session.mjs", SCRIPT, include_str!("page/session.mjs")),
    ("/page/wire.mjs", SCRIPT, include_str!("page/wire.mjs")),
    ("/page/messages.mjs", SCRIPT, include_str!("page/messages.mjs")),
    ("/page/groups.mjs", SCRIPT, include_str!("page/groups.mjs")),
    ("/page/runtime.mjs", SCRIPT, include_str!("page/runtime.mjs")),
];

/// Returns the file at a path.
pub(super) fn file(path: &str) -> Option<Response> {
    let (_, media, text) = FILES.iter().find(|(at, _, _)| *at == path)?;
    Some(Response { policy: POLICY, ..Response::new(media, *text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy would refuse it, in a browser only. And every file that another one names is served.
    #[test]
    fn no_script_or_style_is_in_the_document_and_no_file_is_missing() {
        let document = FILES[0].2;
        assert_eq!(
            document.matches("<script").count(),
            document.matches("<script type=\"module\" src=").count()
        );
        assert!(
            !document.contains("<style") && !document.contains(" style=") && !document.contains(" onclick=")
        );
        for (path, _, text) in FILES {
            let named = text
                .match_indices(".mjs'")
                .chain(text.match_indices(".css\""))
                .chain(text.match_indices(".mjs\""));
            for (end, found) in named {
                let start = text[..end].rfind(['\'', '"', ' ']).expect("it is quoted") + 1;
                let name =
                    text[start..end + found.len() - 1].trim_start_matches("./").trim_start_matches("/page/");
                assert!(file(&format!("/page/{name}")).is_some(), "{path} names {name}");
            }
            assert!(
                !text.contains("innerHTML") && !text.contains("insertAdjacentHTML"),
                "{path} shows text as text"
            );
        }
    }
}
