//! Charts as SVG text: pure drawing of numbers that others have measured.
//!
//! Each chart is one image that holds two drawings, for a desk and for a phone; the style sheet shows
//! one of them.

pub(crate) mod interventions;
pub(crate) mod layout;
pub(crate) mod scale;
pub(crate) mod stacked;
pub(crate) mod xmr;

use crate::chart::layout::{Layout, NARROW, WIDE};
use maud::{Markup, html};

/// What a chart says of itself to those who do not see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caption<'a> {
    /// The measure.
    pub(crate) kpi: &'a str,
    /// What is drawn.
    pub(crate) title: &'a str,
    /// What can be seen.
    pub(crate) description: &'a str,
}

/// Draws a chart in both sizes. `draw` gives what stands in the drawing.
pub(crate) fn both_sizes(caption: Caption<'_>, draw: impl Fn(&Layout) -> Markup) -> Markup {
    let (title, description) = (format!("{}-title", caption.kpi), format!("{}-description", caption.kpi));
    html! {
        svg class="chart" data-kpi=(caption.kpi) role="img" aria-labelledby={ (title) " " (description) } {
            title id=(title) { (caption.title) }
            desc id=(description) { (caption.description) }
            @for layout in [&WIDE, &NARROW] {
                svg class=(layout.name) viewBox={ "0 0 " (layout.width) " " (layout.height) } { (draw(layout)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_one_image_with_a_name_in_two_sizes() {
        let caption = Caption { kpi: "wait_asa", title: "Wait <by> month", description: "84 s & falling" };
        let svg = both_sizes(caption, |layout| html! { text { (layout.name) } }).into_string();
        assert!(svg.contains("aria-labelledby=\"wait_asa-title wait_asa-description\""), "{svg}");
        assert!(svg.contains("<title id=\"wait_asa-title\">Wait &lt;by&gt; month</title>"), "{svg}");
        assert!(svg.contains("<desc id=\"wait_asa-description\">84 s &amp; falling</desc>"), "{svg}");
        assert!(svg.contains("<svg class=\"wide\" viewBox=\"0 0 960 400\"><text>wide</text></svg>"), "{svg}");
        assert!(svg.contains("<svg class=\"narrow\" viewBox=\"0 0 358 300\"><text>narrow</text></svg>"), "{svg}");
    }
}
