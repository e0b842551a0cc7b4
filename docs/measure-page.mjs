// What is measured on a page of the book, in the browser: `check-pages.mjs` sends this function there. It returns the
// faults found. It exempts nothing that a reader sees.

// Returns what is wrong with the page at this width and in this look. What can be opened is open by now.
export function measure({ smallest, contrast, prose }) {
    const faults = [];
    const main = document.querySelector('#mdbook-content main') ?? document.body;
    const isBook = main !== document.body;
    const name = (node) => {
        const inside = node.closest('[id]')?.id ?? '';
        return `${node.tagName.toLowerCase()}.${node.getAttribute('class') ?? ''} in #${inside} “${node.textContent.trim().slice(0, 50)}”`;
    };
    const visible = (node) => node.checkVisibility({ visibilityProperty: true });

    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over > 0) faults.push(`${over} px too wide`);

    // Nothing is cut: no box is narrower than what is in it, and nothing ends beyond the window.
    let blocks = 0;
    for (const node of isBook ? main.querySelectorAll('*') : []) {
        if (!visible(node) || node.closest('iframe')) continue;
        const box = node.getBoundingClientRect();
        if (box.width === 0) continue;
        if (box.right > window.innerWidth + 1 || box.left < -1) faults.push(`beyond the window: ${name(node)}`);
        if (node.tagName === 'PRE') {
            blocks++;
            const range = document.createRange();
            range.selectNodeContents(node);
            let right = 0;
            for (const rect of range.getClientRects()) right = Math.max(right, rect.right);
            if (right > box.right + 1) faults.push(`clipped by ${Math.round(right - box.right)} px: ${name(node)}`);
        }
        const scrolls = node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1;
        const transformed = node.tagName === 'PRE' || node.closest('pre.drawn') || node instanceof SVGElement;
        if (scrolls && !transformed && getComputedStyle(node).display !== 'inline') {
            faults.push(`wider by ${node.scrollWidth - node.clientWidth} px than its box: ${name(node)}`);
        }
    }

    // Every text is large enough. A picture's or a drawing's size is what is left of it after scaling.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const styles = new Map();
    const styleOf = (node) => {
        if (!styles.has(node)) styles.set(node, getComputedStyle(node));
        return styles.get(node);
    };
    const parse = (color) => {
        const parts = color.match(/[\d.]+/g).map(Number);
        const scale = color.startsWith('color(srgb') ? 255 : 1;
        return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts[3] ?? 1];
    };
    const blend = (top, below) => below.map((part, at) => (at < 3 ? top[at] * top[3] + part * (1 - top[3]) : 1));
    const backgrounds = new Map();
    const background = (node) => {
        if (!node) return parse(styleOf(document.documentElement).backgroundColor)[3] ? parse(styleOf(document.documentElement).backgroundColor) : [255, 255, 255, 1];
        if (!backgrounds.has(node)) {
            const own = parse(styleOf(node).backgroundColor);
            backgrounds.set(node, own[3] === 1 ? own : blend(own, background(node.parentElement)));
        }
        return backgrounds.get(node);
    };
    const luminance = (color) => {
        const [r, g, b] = color.map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [x, y] = [luminance(a), luminance(b)];
        return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    };
    const opacityOf = (node) => {
        let opacity = 1;
        for (let at = node; at; at = at.parentElement) opacity *= Number(styleOf(at).opacity);
        return opacity;
    };
    // What is behind a text in a picture: the last shape before it that holds its middle.
    const pictures = new Map();
    const shapesOf = (svg) => {
        if (!pictures.has(svg)) {
            const order = new Map([...svg.querySelectorAll('rect, circle, ellipse, text')].map((node, at) => [node, at]));
            const shapes = [...order.keys()].filter((node) => node.tagName !== 'text' && styleOf(node).fill !== 'none');
            const placed = shapes.map((node) => ({ at: order.get(node), box: node.getBoundingClientRect(), fill: parse(styleOf(node).fill) }));
            pictures.set(svg, { order, placed });
        }
        return pictures.get(svg);
    };
    const behind = (text) => {
        const { order, placed } = shapesOf(text.ownerSVGElement);
        const own = text.getBoundingClientRect();
        const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
        let color = background(text.ownerSVGElement.parentElement);
        for (const { at, box, fill } of placed) {
            if (at > order.get(text)) break;
            if (box.left <= x && x <= box.right && box.top <= y && y <= box.bottom) color = blend(fill, color);
        }
        return color;
    };
    const low = new Map();
    const seen = new Map();
    let texts = 0;
    const look = (node, color, ground, what) => {
        texts++;
        const found = ratio(blend([...color.slice(0, 3), color[3] * opacityOf(node)], ground), ground);
        if (found < contrast - 0.005) low.set(`${what}.${node.getAttribute('class') ?? ''}`, `${found.toFixed(2)} : 1 is the contrast of ${name(node)}`);
    };
    for (let at = walker.nextNode(); at; at = walker.nextNode()) {
        const node = at.parentElement;
        if (!at.data.trim() || ['SCRIPT', 'STYLE', 'TITLE', 'DESC', 'TEMPLATE', 'NOSCRIPT'].includes(node.tagName.toUpperCase())) continue;
        if (seen.has(node)) continue;
        seen.set(node, true);
        if (!visible(node)) continue;
        const style = styleOf(node);
        const inSvg = node instanceof SVGElement;
        let size = parseFloat(style.fontSize);
        if (inSvg) {
            const matrix = node.getScreenCTM();
            size *= Math.hypot(matrix.a, matrix.b);
            const svg = (node.closest('svg')).getBoundingClientRect();
            const box = node.getBoundingClientRect();
            if (box.right > svg.right + 1 || box.left < svg.left - 1) faults.push(`beyond its picture: ${name(node)}`);
        }
        if (size < smallest - 0.01) faults.push(`a text of ${size.toFixed(1)} px: ${name(node)}`);
        if (inSvg && style.fill !== 'none') look(node, parse(style.fill), behind(node), 'svg');
        else if (!inSvg) look(node, parse(style.color), background(node), node.tagName.toLowerCase());
    }
    for (const cell of main.querySelectorAll('.cards td[data-name]')) {
        const before = getComputedStyle(cell, '::before');
        if (visible(cell) && before.content !== 'none') look(cell, parse(before.color), background(cell), 'name');
    }
    faults.push(...low.values());

    // A picture has a form for this width, and a table is all there.
    for (const figure of main.querySelectorAll('figure')) {
        const shown = [...figure.querySelectorAll('svg')].filter(visible);
        if (shown.length !== 1) faults.push(`${shown.length} forms of a picture are shown`);
    }

    // A name in a table is not broken: where there is no room for it, the table becomes cards.
    for (const code of main.querySelectorAll('table:not(.cards) :is(td, th) code')) {
        if (/^[\w:]+$/.test(code.textContent) && code.getClientRects().length > 1) faults.push(`broken: ${name(code)}`);
    }

    if (isBook) {
        // All characters of a drawing are equally wide, or its lines do not meet.
        const canvas = document.createElement('canvas').getContext('2d');
        for (const code of main.querySelectorAll('pre.drawn > code')) {
            canvas.font = `100px ${styleOf(code).fontFamily}`;
            const advance = canvas.measureText('a').width;
            const odd = [...new Set(code.textContent)].find((c) => c > ' ' && Math.abs(canvas.measureText(c).width - advance) > 0.5);
            if (odd) faults.push(`the ${odd} of a drawing is not as wide as its other characters`);
        }
        // The book's own faces are used, not the system's.
        for (const face of ['16px Literata', 'italic 16px Literata', '16px Iosevka']) {
            if (![...document.fonts].some((font) => face.includes(font.family.replaceAll('"', '')))) faults.push(`no face ${face}`);
        }
        if (!document.fonts.check('16px Literata')) faults.push('Literata is not loaded');
    }

    // A line of prose has as many characters as an eye can follow.
    let lines = 0;
    if (prose && isBook) {
        for (const node of main.querySelectorAll(':scope > p')) {
            const style = styleOf(node);
            if (node.textContent.length < 300) continue;
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.font = `${style.fontSize} ${style.fontFamily}`;
            const text = node.textContent.replace(/\s+/g, ' ');
            const characters = node.clientWidth / (canvas.measureText(text).width / text.length);
            lines++;
            if (characters < prose[0] || characters > prose[1]) faults.push(`a line of ${characters.toFixed(0)} characters: ${name(node)}`);
        }
    }
    return { faults, blocks, texts, lines };
}
