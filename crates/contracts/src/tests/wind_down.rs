//! How a contract ends early, and what may still be given up.

use super::*;

#[test]
fn a_wind_down_takes_two_people_and_every_step() {
    let mut book = Book::default();
    let contract = book.draft(osaka());
    book.sign(contract);
    assert_eq!(
        book.code(regulatory(contract, "2027-06-14")),
        "contracts.notice_too_short"
    );
    let wind_down = book.plan(contract);
    assert_eq!(
        book.code(regulatory(contract, "2027-06-15")),
        "contracts.wind_down_open"
    );
    let early = step(wind_down, Step::Notice, "2027-05-16T01:00:00Z");
    assert_eq!(book.code(early.clone()), "contracts.wind_down_status");
    let approve = ApproveWindDown { wind_down };
    assert_eq!(book.code(approve.clone()), "contracts.same_person");
    book.run_as(2, approve.clone()).unwrap();
    assert_eq!(book.code(approve), "contracts.wind_down_status");
    assert_eq!(
        book.state.contract(contract).unwrap().status,
        Status::Terminating
    );
    assert_eq!(book.state.end_date(contract), Some(date("2027-06-15")));
    let extension = ExerciseExtension {
        contract,
        on: date("2027-05-20"),
    };
    assert_eq!(book.code(extension), "contracts.wrong_status");

    book.run(early).unwrap();
    let ahead = step(wind_down, Step::Suspend, "2029-01-01T00:00:01Z");
    assert_eq!(book.code(ahead), "contracts.in_future");
    let drain = step(wind_down, Step::Drain, "2027-06-15T01:00:00Z");
    assert_eq!(book.code(drain), "contracts.step_out_of_order");
    let before = step(wind_down, Step::Suspend, "2027-05-15T01:00:00Z");
    assert_eq!(book.code(before), "contracts.step_before_last");
    let end = EndContract {
        contract,
        on: date("2027-06-15"),
    };
    for (name, at) in [
        (Step::Suspend, "2027-06-14T15:00:00Z"),
        (Step::Drain, "2027-06-14T16:00:00Z"),
        (Step::Sanitise, "2027-06-15T16:00:00Z"),
        (Step::Return, "2027-06-16T16:00:00Z"),
    ] {
        assert_eq!(book.code(end.clone()), "contracts.not_over");
        book.run(step(wind_down, name, at)).unwrap();
    }
    let row = book.state.contract(contract).unwrap();
    assert_eq!(
        row.suspension.as_ref().unwrap().at,
        instant("2027-06-14T15:00:00Z")
    );
    let resume = ResumeAccess {
        contract,
        at: instant("2027-06-17T00:00:00Z"),
        reason: "a mistake".parse().unwrap(),
    };
    assert_eq!(book.code(resume), "contracts.suspended_by_wind_down");
    let row = book.state.wind_down(wind_down).unwrap();
    assert_eq!(
        (row.status, row.steps.len()),
        (WindDownStatus::Completed, 5)
    );
    assert_eq!(row.ends_at, instant("2027-06-14T15:00:00Z"));
    assert_ne!(row.approved_by, Some(row.requested_by));
    book.run(end).unwrap();
    assert!(book.state.open_wind_down(contract).is_none());
    replays(&book);
}

#[test]
fn a_term_s_end_is_planned_for_its_own_day() {
    let mut book = Book::default();
    let contract = book.draft(osaka());
    book.sign(contract);
    let plan = |ends_on: &str| PlanWindDown {
        cause: Cause::TermEnd,
        ..regulatory(contract, ends_on)
    };
    assert_eq!(book.code(plan("2029-03-31")), "contracts.not_term_end");
    assert_eq!(book.code(plan("2029-04-01")), "accepted");
}

#[test]
fn a_plan_can_be_given_up_and_access_given_back() {
    let mut book = Book::default();
    let contract = book.draft(osaka());
    book.sign(contract);
    let wind_down = book.plan(contract);
    let reason = "the listing was withdrawn".parse().unwrap();
    let withdraw = WithdrawWindDown { wind_down, reason };
    book.run(withdraw.clone()).unwrap();
    assert_eq!(book.code(withdraw), "contracts.wind_down_status");
    book.plan(contract);

    let reason = || "a hit is being looked at".parse().unwrap();
    let suspend = SuspendAccess {
        contract,
        at: instant("2027-05-01T00:00:00Z"),
        reason: reason(),
    };
    let resume = |at: &str| ResumeAccess {
        contract,
        at: instant(at),
        reason: reason(),
    };
    assert_eq!(
        book.code(resume("2027-05-02T00:00:00Z")),
        "contracts.not_suspended"
    );
    let ahead = SuspendAccess {
        at: instant("2029-01-01T00:00:01Z"),
        ..suspend.clone()
    };
    assert_eq!(book.code(ahead), "contracts.in_future");
    book.run(suspend.clone()).unwrap();
    assert_eq!(
        book.code(resume("2029-01-01T00:00:01Z")),
        "contracts.in_future"
    );
    assert_eq!(book.code(suspend), "contracts.already_suspended");
    let too_early = resume("2027-04-30T00:00:00Z");
    assert_eq!(book.code(too_early), "contracts.resumed_before_suspension");
    book.run(resume("2027-05-02T00:00:00Z")).unwrap();
    assert_eq!(book.state.contract(contract).unwrap().suspension, None);
    replays(&book);
}
