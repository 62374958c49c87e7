//! What the council says about its queues, its categories and itself in every random story.

/// Queues of the stories; the last one is never mapped to a service.
pub(super) const QUEUES: [&str; 4] = ["TAX", "ASC", "BIN", "ODD"];

/// TAX has a short limit of its own until it is mapped anew; one statement about it was wrong and is
/// corrected, another is outdone by a newer one for the same day. BIN is mapped after the story has
/// begun and never has a target. ASC belongs to a service in the year before that is gone a year later.
pub(super) const QUEUE_MAP: &str = "
2024-12-02T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false answer_target_seconds=120 effective_from=2025-01-01
2024-12-02T09:00:00Z queue:ASC queue_mapped queue_id=ASC service_area=adults social_care=true answer_target_seconds=60 effective_from=2025-01-01
2026-01-05T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=wrong social_care=true answer_target_seconds=1 effective_from=2026-01-01 id=tax-wrong
2026-01-04T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false answer_target_seconds=120 short_abandon_ms=8000 effective_from=2026-01-01 supersedes=tax-wrong
2026-01-03T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=older social_care=true answer_target_seconds=2 effective_from=2026-01-01
2026-03-20T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=revenues social_care=false answer_target_seconds=60 effective_from=2026-03-29
2026-01-02T09:00:00Z queue:ASC queue_mapped queue_id=ASC service_area=adult_care social_care=true answer_target_seconds=60 effective_from=2026-01-01
2026-03-24T09:00:00Z queue:BIN queue_mapped queue_id=BIN service_area=waste social_care=false short_abandon_ms=0 effective_from=2026-03-25
";

/// Mapped late, anew, wrongly and then rightly, or never (`odd_form`, `Graffiti`). `parking` means
/// one thing in a form and another in a report. Some services are known in one of the years only.
pub(super) const CATEGORY_MAP: &str = "
2024-12-05T09:00:00Z category:1 category_mapped category_system=webform category=band_review subject_group=wrong service_area=wrong social_care=true effective_from=2025-01-01 id=band-wrong
2024-12-04T09:00:00Z category:1 category_mapped category_system=webform category=band_review subject_group=band service_area=council_tax social_care=false effective_from=2025-01-01 supersedes=band-wrong
2024-12-03T09:00:00Z category:1 category_mapped category_system=webform category=band_review subject_group=older service_area=older social_care=true effective_from=2025-01-01
2024-12-02T09:00:00Z category:2 category_mapped category_system=webform category=pay_tax subject_group=payment service_area=council_tax social_care=false effective_from=2025-01-01
2026-03-20T09:00:00Z category:2 category_mapped category_system=webform category=pay_tax subject_group=payment service_area=revenues social_care=false effective_from=2026-03-29
2024-12-02T09:00:00Z category:3 category_mapped category_system=webform category=form_9 subject_group=payment service_area=council_tax social_care=false effective_from=2025-01-01
2024-12-02T09:00:00Z category:4 category_mapped category_system=webform category=care_request subject_group=care_plan service_area=adult_care social_care=true effective_from=2025-01-01
2026-03-24T09:00:00Z category:5 category_mapped category_system=webform category=missed_bin subject_group=missed_bin service_area=waste social_care=false effective_from=2026-03-25
2024-12-02T09:00:00Z category:6 category_mapped category_system=webform category=parking subject_group=permit service_area=parking social_care=false effective_from=2025-01-01
2025-12-02T09:00:00Z category:6 category_mapped category_system=webform category=parking subject_group=permit service_area=transport social_care=false effective_from=2026-01-01
2025-03-20T09:00:00Z category:7 category_mapped category_system=webform category=badge subject_group=blue_badge service_area=adult_care social_care=true effective_from=2025-03-30
2024-12-02T09:00:00Z category:8 category_mapped category_system=fixmystreet category=\"Missed bin\" subject_group=missed_bin service_area=waste social_care=false effective_from=2025-01-01
2025-03-20T09:00:00Z category:9 category_mapped category_system=fixmystreet category=Pothole subject_group=pothole service_area=highways social_care=false effective_from=2025-03-28
2026-03-20T09:00:00Z category:9 category_mapped category_system=fixmystreet category=Pothole subject_group=pothole service_area=roads social_care=false effective_from=2026-03-29
2024-12-02T09:00:00Z category:10 category_mapped category_system=fixmystreet category=parking subject_group=obstruction service_area=highways social_care=false effective_from=2025-01-01
2024-12-02T09:00:00Z category:11 category_mapped category_system=fixmystreet category=\"Street light\" subject_group=light service_area=lighting social_care=false effective_from=2025-01-01 sequence=2
2024-12-02T09:00:00Z category:11 category_mapped category_system=fixmystreet category=\"Street light\" subject_group=light service_area=highways social_care=false effective_from=2025-01-01 sequence=1
2024-12-02T09:00:00Z category:11 category_mapped category_system=fixmystreet category=\"Street light\" subject_group=light service_area=first social_care=true effective_from=2025-01-01
";

/// The rest of what the council says: twice, anew, wrongly and then rightly, and not in order.
pub(super) const REGISTERS: &str = "
2026-03-23T09:00:00Z calendar:scotland calendar_loaded division=scotland dates=2026-04-03,2026-12-25
2026-01-02T09:00:00Z calendar:scotland calendar_loaded division=scotland dates=2025-12-25,2026-04-03
2026-01-02T09:00:00Z target:wait_asa target_set kpi=wait_asa dimensions=service_class=other value=120 unit=seconds direction=lower effective_from=2026-01-01 status=approved
2026-03-24T09:00:00Z target:wait_asa target_set kpi=wait_asa dimensions=service_class=other value=90 unit=seconds direction=lower effective_from=2026-03-29 status=proposed
2026-03-24T09:00:00Z target:wait_asa target_set kpi=wait_asa dimensions=service_class=other value=90 unit=seconds direction=lower effective_from=2026-03-29 status=proposed
2026-01-02T09:00:00Z baseline:csat baseline_set kpi=csat unit=percent status=being_established
2026-03-25T09:00:00Z baseline:csat baseline_set kpi=csat unit=percent status=available value=74
2026-01-03T09:00:00Z intervention:bills intervention_logged name=bills happened_on=2026-03-20 affects=wait_asa id=bills-wrong
2026-01-03T10:00:00Z intervention:bills intervention_logged name=bills happened_on=2026-03-25 affects=wait_asa supersedes=bills-wrong
2026-03-25T09:00:00Z coverage:centre coverage_declared call_centre=centre channel=voice in_scope=false effective_from=2026-03-27
2026-01-02T09:00:00Z coverage:centre coverage_declared call_centre=centre channel=voice in_scope=true observed_by=story effective_from=2026-01-01
2026-01-02T09:00:00Z coverage:centre coverage_declared call_centre=centre channel=web_form in_scope=true effective_from=2026-01-01
2026-03-26T09:00:00Z count:post volume_counted channel=post first_day=2026-02-01 last_day=2026-02-28 contacts=310
2026-03-02T09:00:00Z count:post volume_counted channel=post first_day=2026-02-01 last_day=2026-02-28 contacts=301
2026-03-02T09:00:00Z count:desk volume_counted channel=face_to_face place=hall first_day=2026-02-01 last_day=2026-02-28 contacts=12
2026-01-02T09:00:00Z measure:csat measure_published report=first number=5 measure=CSAT target_status=tbd baseline_status=being_established current_published=74% current_status=available
2026-03-26T09:00:00Z measure:csat measure_published report=first number=5 measure=CSAT target_published=\"see comment\" target_status=tbd baseline_status=being_established current_published=74% current_status=available
";

/// The form for a matter, and its transaction if it has one.
pub(super) fn forms(matter: &str) -> [&'static str; 2] {
    match matter {
        "band" => ["form_id=form_1 transaction_code=band_review", "form_id=form_1 transaction_code=odd_form"],
        "payment" => ["form_id=form_2 transaction_code=pay_tax", "form_id=form_9"],
        "care_plan" => ["form_id=form_3 transaction_code=care_request"; 2],
        "missed_bin" => ["form_id=missed_bin", "form_id=form_9 transaction_code=missed_bin"],
        "blue_badge" => ["form_id=form_4 transaction_code=badge"; 2],
        _ => ["form_id=form_5 transaction_code=parking"; 2],
    }
}

/// The categories of reports about a matter.
pub(super) fn categories(matter: &str) -> [&'static str; 2] {
    match matter {
        "missed_bin" => ["\"Missed bin\"", "\"Missed bin\""],
        "pothole" => ["Pothole", "Pothole"],
        "band" => ["Graffiti", "parking"],
        _ => ["\"Street light\"", "parking"],
    }
}
