//! Contracts that end before their term.

use super::*;

/// Osaka, prepaid and billed for its first `months` months.
fn billed(terms: &Terms, months: usize) -> Book {
    let mut book = Book::default();
    book.issue(prepayment_draft(terms, date("2026-03-02")).unwrap());
    let periods = monthly_periods(terms.term().unwrap()).unwrap();
    for period in &periods[..months] {
        book.bill(terms, *period);
    }
    book
}

#[test]
fn a_regulatory_end_bills_to_the_day_and_pays_the_unearned_back() {
    let mut terms = osaka();
    let mut book = billed(&terms, 14);
    // Billed to 2027-06-01; ends on 2027-06-15: 14 of 1,096 days.
    terms.ends_on = Some(date("2027-06-15"));
    let settled = book.state.settlement(&terms, true).unwrap();
    let last = settled.final_invoice.unwrap();
    assert_eq!(
        (last.kind, last.period),
        (DocumentKind::Final, dates("2027-06-01", "2027-06-15"))
    );
    assert_eq!(last.lines[0].quantity.hours(), "336");
    book.issue(last);
    // What was charged is the part of the total that the days are: 440 of 1,096.
    let charged = book
        .state
        .documents_of(contract())
        .map(|(_, document)| document.charges().unwrap().minor)
        .sum::<i128>();
    assert_eq!(
        charged,
        (40_600_000_000_i128 * 440 * 2 + 1_096) / (1_096 * 2)
    );
    // Crediting would have begun in April 2028: all of the prepayment is unearned.
    assert_eq!(settled.unearned, money("81200000.00 USD"));
    assert_eq!(settled.forfeited, money("0.00 USD"));
    let refund = settled.refund.unwrap();
    assert_eq!(refund.total, money("-81200000.00 USD"));
    book.issue(refund.clone());
    assert_eq!(
        book.state.refunded(contract(), terms.currency).unwrap(),
        settled.unearned
    );
    let again = InvoiceDraft {
        version: 2,
        ..refund
    };
    assert_eq!(book.code(issue(again)), "billing.over_prepayment");
    let after = book
        .state
        .preview(&terms, dates("2027-06-15", "2027-07-01"));
    assert_eq!(after.unwrap_err().code(), "billing.nothing_to_bill");
    replays(&book);
}

#[test]
fn what_was_credited_is_not_paid_back() {
    let mut terms = osaka();
    let book = billed(&terms, 30);
    terms.ends_on = Some(date("2028-10-16"));
    let settled = book.state.settlement(&terms, true).unwrap();
    // Crediting ran from 2028-04-01 to the end: 198 of 365 days.
    let credited = (8_120_000_000_i128 * 198 * 2 + 365) / (365 * 2);
    assert_eq!(settled.unearned.minor, 8_120_000_000 - credited);
    let kept = book.state.settlement(&terms, false).unwrap();
    assert_eq!((kept.forfeited, kept.refund), (settled.unearned, None));
}

#[test]
fn an_end_on_the_day_billing_stands_needs_no_last_invoice() {
    let mut terms = osaka();
    let book = billed(&terms, 14);
    terms.ends_on = Some(date("2027-06-01"));
    let settled = book.state.settlement(&terms, true).unwrap();
    assert_eq!(settled.final_invoice, None);
    assert!(settled.refund.is_some());
}

#[test]
fn an_end_before_the_beginning_pays_all_of_it_back() {
    let mut terms = osaka();
    let book = billed(&terms, 0);
    terms.ends_on = Some(date("2026-03-20"));
    let settled = book.state.settlement(&terms, true).unwrap();
    assert_eq!(settled.final_invoice, None);
    assert_eq!(settled.unearned, money("81200000.00 USD"));
}

#[test]
fn a_settlement_waits_for_every_earlier_invoice() {
    let mut terms = osaka();
    let mut book = billed(&terms, 3);
    book.bill(&terms, dates("2026-08-01", "2026-09-01"));
    let no_end = book.state.settlement(&terms, true);
    assert_eq!(no_end.unwrap_err().code(), "billing.no_end");
    terms.ends_on = Some(date("2026-10-01"));
    let missing = book.state.settlement(&terms, true);
    assert_eq!(
        missing.unwrap_err(),
        Rejection::PeriodMissing {
            period: dates("2026-07-01", "2026-08-01")
        }
    );
    book.bill(&terms, dates("2026-07-01", "2026-08-01"));
    assert!(book.state.settlement(&terms, true).is_ok());
}

#[test]
fn a_month_billed_after_the_end_is_known_reaches_only_to_it() {
    let mut terms = osaka();
    let mut book = billed(&terms, 11);
    terms.ends_on = Some(date("2027-03-20"));
    let march = book.bill(&terms, dates("2027-03-01", "2027-04-01"));
    let march = book.state.invoice(march).unwrap();
    assert_eq!(march.period, dates("2027-03-01", "2027-03-20"));
    let settled = book.state.settlement(&terms, true).unwrap();
    assert_eq!(settled.final_invoice, None);
    assert_eq!(settled.unearned, money("81200000.00 USD"));
    let april = book
        .state
        .preview(&terms, dates("2027-04-01", "2027-05-01"));
    assert_eq!(april.unwrap_err().code(), "billing.nothing_to_bill");
}

/// The documents of a contract settled with a refund: charges, credits, totals, refunds.
fn settle(book: &mut Book, terms: &Terms) -> (i128, i128, i128, i128) {
    let settled = book.state.settlement(terms, true).unwrap();
    for draft in [settled.final_invoice, settled.refund]
        .into_iter()
        .flatten()
    {
        book.issue(draft);
    }
    let documents = || book.state.documents_of(contract());
    let periods = documents().filter(|(_, row)| row.kind != DocumentKind::Prepayment);
    let periods = periods.filter(|(_, row)| row.kind != DocumentKind::CreditNote);
    (
        documents()
            .map(|(_, row)| row.charges().unwrap().minor)
            .sum(),
        documents()
            .map(|(_, row)| row.prepayment_credit().unwrap().minor)
            .sum(),
        periods.map(|(_, row)| row.total.minor).sum(),
        book.state
            .refunded(contract(), terms.currency)
            .unwrap()
            .minor,
    )
}

#[test]
fn what_was_billed_past_the_end_is_credited() {
    // Billed to 2028-11-01; ends on 2028-10-16, 929 days in, 198 of 365 into the crediting.
    let mut terms = osaka();
    let mut book = billed(&terms, 31);
    terms.ends_on = Some(date("2028-10-16"));
    let last = book.state.settlement(&terms, true).unwrap();
    let last = last.final_invoice.unwrap();
    assert_eq!(
        (last.kind, last.period),
        (DocumentKind::Correction, dates("2028-10-16", "2028-10-17"))
    );
    let kinds: Vec<_> = last.lines.iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [LineKind::Correction, LineKind::PrepaymentCredit]);
    // The charges come back, less what the prepayment had paid of them.
    assert!(last.lines[0].amount.minor < 0 && last.lines[1].amount.minor > 0);
    assert!(last.total.minor < 0);
    let (charges, credits, totals, refunded) = settle(&mut book, &terms);
    assert_eq!(
        charges,
        (40_600_000_000_i128 * 929 * 2 + 1_096) / (1_096 * 2)
    );
    assert_eq!(credits, (8_120_000_000_i128 * 198 * 2 + 365) / (365 * 2));
    assert_eq!(
        (totals, refunded),
        (charges - credits, 8_120_000_000 - credits)
    );
    replays(&book);
}

#[test]
fn a_contract_that_ends_as_it_begins_gives_everything_back() {
    let mut terms = osaka();
    let mut book = billed(&terms, 2);
    terms.ends_on = Some(date("2026-04-01"));
    assert_eq!(settle(&mut book, &terms), (0, 0, 0, 8_120_000_000));
}

#[test]
fn the_gap_that_matters_lies_before_the_end() {
    let mut terms = osaka();
    let mut book = billed(&terms, 1);
    book.bill(&terms, dates("2026-08-01", "2026-09-01"));
    terms.ends_on = Some(date("2026-05-01"));
    let (charges, ..) = settle(&mut book, &terms);
    assert_eq!(charges, 1_111_313_869);
}
