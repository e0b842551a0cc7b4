// Text from others is made safe to read: what would be invisible, or change how the rest is read, is shown as its
// code. The browser obeys no escape sequences, but it does obey characters that change the direction of writing, and a
// name that contains one could look like another name. The same characters are shown by the client for a terminal.
//
// Used by messages.mjs, groups.mjs, session.mjs and main.mjs. Next: log.mjs.

const HIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const NAMED = new Map([['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t']]);

const code = (character) => NAMED.get(character) ?? `\\u{${character.codePointAt(0).toString(16)}}`;

/** Returns a text on one line, as a name is. */
export function oneLine(text) {
    return text.replace(HIDDEN, code);
}

/** Returns a text that may have several lines, and tabs. */
export function lines(text) {
    return text.replace(/\r\n/g, '\n').replace(HIDDEN, (character) => (/[\n\t]/.test(character) ? character : code(character)));
}
