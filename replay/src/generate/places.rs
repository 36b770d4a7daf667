//! Where customers live.

/// A province and what goes with it.
#[derive(Debug)]
pub struct Place {
    pub province: &'static str,
    pub code: &'static str,
    pub country: &'static str,
    pub country_code: &'static str,
    pub currency: &'static str,
    /// Digits behind the currency's point.
    pub decimals: u32,
    pub city: &'static str,
    pub zip: &'static str,
    /// Of standard time, in minutes east of Greenwich.
    pub offset_minutes: i32,
    /// Customers, in proportion.
    pub weight: u64,
}

macro_rules! places {
    ($($country:literal $country_code:literal $currency:literal $decimals:literal {
        $($province:literal $code:literal $city:literal $zip:literal $offset:literal $weight:literal;)+ })+) => {
        /// Every place, the sum of whose weights is [`WEIGHTS`].
        pub const PLACES: &[Place] = &[$($(Place {
            province: $province, code: $code, country: $country, country_code: $country_code,
            currency: $currency, decimals: $decimals, city: $city, zip: $zip,
            offset_minutes: $offset * 60, weight: $weight,
        },)+)+];
        /// The sum of all weights.
        pub const WEIGHTS: u64 = 0 $($(+ $weight)+)+;
    };
}

places! {
    "United States" "US" "USD" 2 {
        "California" "CA" "Oakland" "94607" -8 118;
        "Texas" "TX" "Austin" "78701" -6 88;
        "Florida" "FL" "Tampa" "33602" -5 65;
        "New York" "NY" "Brooklyn" "11201" -5 60;
        "Pennsylvania" "PA" "Pittsburgh" "15222" -5 39;
        "Illinois" "IL" "Chicago" "60601" -6 38;
        "Ohio" "OH" "Columbus" "43215" -5 35;
        "Georgia" "GA" "Atlanta" "30303" -5 32;
        "North Carolina" "NC" "Durham" "27701" -5 31;
        "Washington" "WA" "Seattle" "98101" -8 28;
        "Maryland" "MD" "Baltimore" "21201" -5 24;
        "Colorado" "CO" "Denver" "80202" -7 24;
        "Minnesota" "MN" "Saint Paul" "55101" -6 20;
        "Oregon" "OR" "Portland" "97201" -8 18;
        "Idaho" "ID" "Boise" "83702" -7 17;
        "Utah" "UT" "Salt Lake City" "84101" -7 14;
        "Hawaii" "HI" "Honolulu" "96813" -10 6;
    }
    "Canada" "CA" "CAD" 2 {
        "Ontario" "ON" "Toronto" "M5V 2T6" -5 40;
        "Québec" "QC" "Montréal" "H2Y 1C6" -5 22;
        "British Columbia" "BC" "Vancouver" "V6B 1A1" -8 18;
        "Alberta" "AB" "Calgary" "T2P 1J9" -7 14;
    }
    "United Kingdom" "GB" "GBP" 2 {
        "England" "ENG" "Leeds" "LS1 4AP" 0 55;
        "Scotland" "SCT" "Glasgow" "G1 1XQ" 0 9;
        "Wales" "WLS" "Cardiff" "CF10 1EP" 0 6;
    }
    "Germany" "DE" "EUR" 2 {
        "Bayern" "BY" "München" "80331" 1 18;
        "Nordrhein-Westfalen" "NW" "Köln" "50667" 1 18;
        "Berlin" "BE" "Berlin" "10115" 1 12;
    }
    "Australia" "AU" "AUD" 2 {
        "New South Wales" "NSW" "Sydney" "2000" 10 18;
        "Victoria" "VIC" "Melbourne" "3000" 10 16;
    }
    "Japan" "JP" "JPY" 0 {
        "東京都" "13" "千代田区" "100-0001" 9 14;
        "大阪府" "27" "大阪市" "530-0001" 9 9;
    }
}

/// The place that holds `point` of [`WEIGHTS`].
pub fn place_at(point: u64) -> &'static Place {
    let mut left = point;
    for place in PLACES {
        match left.checked_sub(place.weight) {
            Some(rest) => left = rest,
            None => return place,
        }
    }
    &PLACES[0]
}
