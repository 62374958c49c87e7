//! What every page stands in: head, landmarks, and a table that scrolls in its own box.

use maud::{DOCTYPE, Markup, html};

/// A whole page.
pub(crate) fn page(title: &str, heading: &str, main: Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Switchboard" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    a class="skip" href="#main" { "Skip to the numbers" }
                    p class="brand" { "Switchboard" }
                    h1 { (heading) }
                }
                main id="main" tabindex="-1" { (main) }
                footer {
                    p { "All values are measured by SQL from events that are never changed; this page only shows them. As data: " a href="/api/kpis" { "all measures (JSON)" } "." }
                }
            }
        }
    };
    markup.into_string()
}

/// A table that scrolls in its own box where it is too wide, or too long for a screen; on paper it
/// stands in full. `id` is that of its caption.
pub(crate) fn table_box(id: &str, is_long: bool, table: Markup) -> Markup {
    html! {
        div class=(if is_long { "scroll long" } else { "scroll" }) role="region" aria-labelledby=(id) tabindex="0" { (table) }
    }
}
