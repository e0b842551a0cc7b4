//! The figures as SVG pictures: bars for the table, lines for the growth and the tail. Next: `growth`.

use std::fmt::Write;

use crate::rows::{Metric, RUNTIMES, Row};
use crate::sample::Samples;
use crate::table::{figure, time};

/// The colours, light and dark; this runtime has the stronger one.
const STYLE: &str = "<style>
svg { background: #fff } @media (prefers-color-scheme: dark) { svg { background: #0d1117 } }
text { font: 13px system-ui, sans-serif; fill: #222 } .head { font-weight: 600 } .small { font-size: 11px }
.ours { fill: #c2410c } .peer { fill: #64748b } .limit { fill: #a8b3c2 } .goal, .axis { stroke: #222 } .axis { opacity: .25 }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .ours { fill: #fb923c } .peer { fill: #94a3b8 }
.limit { fill: #475569 } .goal, .axis { stroke: #ddd } }
</style>\n";

const LEFT: f64 = 90.0;
const WIDTH: f64 = 480.0;
const BAR: f64 = 18.0;

fn svg(width: f64, height: f64, title: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\"><title>{title}</title>\n{STYLE}{body}</svg>\n"
    )
}

fn text(body: &mut String, class: &str, x: f64, y: f64, words: &str) {
    writeln!(body, "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{words}</text>").expect("a string");
}

/// One picture for each group of rows: its name and its text.
pub fn bars(rows: &[&Row], samples: &Samples) -> Vec<(String, String)> {
    let groups = rows.chunk_by(|a, b| a.picture == b.picture);
    groups.map(|group| (group[0].picture.to_string(), bar_picture(group, samples))).collect()
}

fn bar_picture(rows: &[&Row], samples: &Samples) -> String {
    let (mut body, mut y) = (String::new(), 20.0);
    for row in rows {
        let key = row.metric.key();
        let value = |&runtime: &&'static str| Some((figure(samples, row.name, runtime, key)?, runtime));
        let values: Vec<_> = RUNTIMES.iter().filter_map(value).collect();
        let unit = match row.metric {
            Metric::Wall => "ns of wall time",
            Metric::Cpu => "ns of CPU time",
            Metric::Bytes => "bytes",
            Metric::Late | Metric::Idle => "µs",
        };
        text(&mut body, "head", 0.0, y, &format!("{} ({unit})", row.name));
        y += 8.0;
        // Threads take so much longer that the other bars would be too short to compare: their bar is cut.
        let most = values.iter().filter(|(_, runtime)| *runtime != "threads").map(|(value, _)| *value);
        let most = most.fold(f64::MIN_POSITIVE, f64::max);
        for (value, runtime) in &values {
            let class = match *runtime {
                "ours" => "ours",
                "bare" => "limit",
                _ => "peer",
            };
            let (length, cut) = (WIDTH * (value / most).min(1.0), if *value > most { " »" } else { "" });
            text(&mut body, "", 4.0, y + 13.0, if *runtime == "bare" { "limit" } else { runtime });
            writeln!(body, "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"14\" rx=\"2\"/>")
                .expect("a string");
            text(&mut body, "small", LEFT + length + 5.0, y + 12.0, &format!("{}{cut}", time(*value)));
            y += BAR;
        }
        let best =
            values.iter().filter(|(_, runtime)| row.against.contains(runtime)).map(|(value, _)| *value);
        if let (Some(goal), Some(best)) = (row.goal, best.min_by(f64::total_cmp)) {
            let x = LEFT + WIDTH * (goal * best / most).min(1.0);
            let top = y - BAR * values.len() as f64 - 2.0;
            writeln!(body, "<path class=\"goal\" stroke-dasharray=\"3 2\" d=\"M{x:.1} {top:.0}V{y:.0}\"/>")
                .expect("a string");
        }
        y += 26.0;
    }
    text(&mut body, "small", 4.0, y - 6.0, "Shorter is better. Dashed: the goal, for ours. »: cut.");
    svg(LEFT + WIDTH + 80.0, y, rows[0].picture, &body)
}

/// Lines over sizes, both axes by powers of ten.
pub struct Plot<'a> {
    pub head: &'a str,
    /// How the size of this power of ten is written.
    pub size: fn(i32) -> String,
    /// Each line has a name, and points (size, nanoseconds).
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

const HEIGHT: f64 = 300.0;
const HUES: [u32; 8] = [20, 210, 140, 280, 50, 330, 180, 100];

/// The height of a plot with what is above and below it.
const PLOT: f64 = HEIGHT + 46.0;

/// One picture of plots, one below the other.
pub fn plots(title: &str, plots: &[Plot<'_>]) -> String {
    let (mut body, mut top) = (String::new(), 0.0);
    for plot in plots {
        if !plot.head.is_empty() {
            text(&mut body, "head", 4.0, top + 16.0, plot.head);
            top += 20.0;
        }
        plot.draw(&mut body, top);
        top += PLOT;
    }
    svg(LEFT + WIDTH + 200.0, top, title, &body)
}

impl Plot<'_> {
    /// The powers of ten between which all points are, by one of their coordinates.
    fn decades(&self, of: fn(&(f64, f64)) -> f64) -> (f64, f64) {
        let values = || self.lines.iter().flat_map(|(_, points)| points).map(of);
        let least = values().fold(f64::INFINITY, f64::min).max(1.0).log10().floor();
        (least, values().fold(1.0, f64::max).log10().ceil().max(least + 1.0))
    }

    fn draw(&self, body: &mut String, top: f64) {
        let ((left, right), (low, high)) = (self.decades(|point| point.0), self.decades(|point| point.1));
        let x = |size: f64| LEFT + WIDTH * (size.log10() - left) / (right - left);
        let y = |ns: f64| top + 20.0 + HEIGHT * (high - ns.max(1.0).log10()) / (high - low);
        for decade in low as i32..=high as i32 {
            let (ns, at) = (10_f64.powi(decade), y(10_f64.powi(decade)));
            writeln!(body, "<path class=\"axis\" d=\"M{LEFT} {at:.1}h{WIDTH}\"/>").expect("a string");
            let label = if ns < 1e3 { format!("{ns} ns") } else { format!("{} µs", ns / 1e3) };
            text(body, "small", 4.0, at + 4.0, &label);
        }
        for decade in left as i32..=right as i32 {
            text(body, "small", x(10_f64.powi(decade)) - 10.0, top + HEIGHT + 36.0, &(self.size)(decade));
        }
        for (index, (name, points)) in self.lines.iter().enumerate() {
            let colour = format!("hsl({} 70% 45%)", HUES[index % HUES.len()]);
            let path: Vec<_> =
                points.iter().map(|&(size, ns)| format!("{:.1} {:.1}", x(size), y(ns))).collect();
            writeln!(body, "<path class=\"line\" stroke=\"{colour}\" d=\"M{}\"/>", path.join("L"))
                .expect("a string");
            let at = top + 34.0 + 18.0 * index as f64;
            writeln!(
                body,
                "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>",
                LEFT + WIDTH + 16.0,
                at - 6.0
            )
            .expect("a string");
            text(body, "small", LEFT + WIDTH + 36.0, at, name);
        }
    }
}
