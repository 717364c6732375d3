//! What companies, people, goods and errands are called.

pub(crate) const SURNAMES: &[&str] = &[
    "Lindqvist",
    "Okonkwo",
    "Martens",
    "Ferreira",
    "Kaminski",
    "Hartmann",
    "Duval",
    "Eriksen",
    "Takahashi",
    "Moreau",
    "Silva",
    "Bakker",
    "Jovanović",
    "Ozturk",
    "Castellano",
    "Byrne",
    "Fontaine",
    "Grönberg",
    "Hakimi",
    "Ionescu",
    "Jespersen",
    "Kruger",
    "Lombardi",
    "Malik",
    "Nyberg",
    "Oliveira",
    "Pereira",
    "Quist",
    "Ramírez",
    "Schneider",
];

pub(crate) const FIRST_NAMES: &[&str] = &[
    "Anna", "Bashir", "Cecilia", "David", "Elena", "Farid", "Greta", "Hiroshi", "Isabel", "Jakub", "Katya", "Leo", "Maria", "Nikhil",
    "Oluchi", "Pablo", "Renata", "Sven", "Thandi", "Uwe", "Vera", "William", "Ximena", "Yasmin", "Zoran", "Agnes", "Björn", "Claire",
    "Dalia", "Emeka",
];

pub(crate) const TRADES: &[&str] = &[
    "Joinery",
    "Metalworks",
    "Boatworks",
    "Auto Repair",
    "Stone & Tile",
    "Interiors",
    "Fabrication",
    "Cabinet Makers",
    "Machine Shop",
    "Electrical",
    "Organ Builders",
    "Technical College",
];

pub(crate) const INDUSTRIES: &[&str] = &[
    "Carpentry",
    "Metal processing",
    "Boat building",
    "Vehicle repair",
    "Stone working",
    "Fit-out",
    "Steel construction",
    "Furniture",
    "Machining",
    "Electrical installation",
    "Instrument making",
    "Education",
];

/// Goods with their price in cents.
pub(crate) const GOODS: &[(&str, i64)] = &[
    ("Workbench 2000 mm", 84_900),
    ("Drill press", 129_000),
    ("Tool trolley", 45_950),
    ("Dust extractor", 239_500),
    ("Sliding table saw", 1_149_000),
    ("Compressor 270 l", 189_990),
    ("Welding table", 156_000),
    ("Pallet racking bay", 68_500),
    ("Bench vice 150 mm", 17_990),
    ("Lifting table 500 kg", 142_750),
    ("Band saw", 324_900),
    ("Spray booth", 2_480_000),
];

pub(crate) const CURRENCIES: &[&str] = &["EUR", "EUR", "EUR", "EUR", "SEK", "GBP", "CHF", "PLN", "EUR", "USD"];

pub(crate) const OPEN_STAGES: &[&str] = &["Qualification", "Site visit", "Offer sent", "Negotiation"];

pub(crate) const LEAD_SOURCES: &[&str] = &["Trade fair", "Website", "Recommendation", "Dealer", "Telephone"];

/// Titles of activities on a record, by type: calls, meetings, mails, other.
pub(crate) const ERRANDS: &[&[&str]] = &[
    &["Call about delivery dates", "Call back about the offer", "Ask for drawings of the hall", "Call about an open invoice"],
    &["Visit the workshop", "Demonstration on site", "Yearly review", "Acceptance of the installation"],
    &["Send the revised offer", "Send data sheets", "Confirm the order", "Remind of the signature"],
    &["Prepare a floor plan", "Check the power supply", "Look up spare parts", "Measure noise levels"],
];

pub(crate) const TASKS: &[&str] = &[
    "Count the stock in aisle",
    "Check the brakes of forklift",
    "Rewrite the product texts of page",
    "Photograph the new models of series",
    "Agree the delivery window for tour",
    "Replace the belts of machine",
    "Reconcile the bank statement of week",
    "Update the price list, part",
    "Prepare the training of group",
    "Renew the inspection sticker of rack",
    "Order packaging for batch",
    "Translate the manual of model",
    "Set up the laptop of desk",
    "Review the claims of week",
    "Plan the installation of hall",
];

/// Names of files with their media types.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("Price list, part {}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("Floor plan, hall {}.pdf", "application/pdf"),
    ("Installation photo {}.jpg", "image/jpeg"),
    ("Minutes of meeting {}.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("Risk assessment {}.pdf", "application/pdf"),
    ("Catalogue page {}.png", "image/png"),
];

/// What people meet about.
pub(crate) const MEETING_TITLES: &[&str] = &[
    "Weekly planning",
    "Pipeline review",
    "Service schedule",
    "Stock count",
    "Quarterly figures",
    "Trade fair preparation",
    "Complaints of the month",
    "New compressor line",
    "Safety briefing",
    "One to one",
    "Pricing round",
    "Delivery delays",
];

/// What is posted to everybody.
pub(crate) const COMPANY_NEWS: &[&str] = &[
    "The canteen is closed on Friday.",
    "Third quarter figures are in: thank you, everybody.",
    "The new catalogue is back from the printer.",
    "Please renew your safety training before the end of the month.",
    "Parking spaces 12 to 20 are for visitors this week.",
    "We have a new customer in the north:\nwell done, Sales.",
    "The warehouse moves to the new scanners on Monday.",
    "Coffee machine on the second floor is repaired.",
];

/// What is posted to a workgroup.
pub(crate) const GROUP_NEWS: &[&str] = &[
    "The first delivery has arrived complete.",
    "Who can take the minutes this time?",
    "I have put the latest plan into the files.",
    "The date of the installation has moved by a week.",
    "Open points from last time:\n- measurements\n- permits",
    "The customer is happy with the samples.",
    "Please look at the draft before Thursday.",
];

/// What people write to one another.
pub(crate) const CHAT_LINES: &[&str] = &[
    "Do you have a minute?",
    "Yes, call me after lunch.",
    "The customer asks for the offer again.",
    "I will send it today.",
    "Thank you!",
    "Could you take over the visit on Tuesday?",
    "Sure, send me the address.",
    "The spare part has come in.",
    "Great, I will tell them.",
    "See you tomorrow.",
];
