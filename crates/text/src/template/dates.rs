//! `strftime_now` with a time that the caller fixed.

/// A time without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Time {
    /// `2025-01-31`, `2025-01-31T12:00` or `2025-01-31T12:00:00`; a blank may stand for the T.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "templateArguments.now is '{text}'; expected a time without a zone, as \
                 '2025-01-31T12:00:00'"
            )
        };
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
        let numbers = |text: &str, sign: char, widths: &[usize]| -> Option<Vec<u32>> {
            let parts: Vec<&str> = text.split(sign).collect();
            let fits = parts.len() <= widths.len()
                && parts.iter().zip(widths).all(|(part, width)| part.len() == *width);
            let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            (fits && digits).then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
        };
        let date = numbers(date, '-', &[4, 2, 2]).ok_or_else(wrong)?;
        let time = numbers(time, ':', &[2, 2, 2]).ok_or_else(wrong)?;
        let ([year, month, day], [hour, minute, rest @ ..]) = (&date[..], &time[..]) else {
            return Err(wrong());
        };
        let time = Self {
            year: *year,
            month: *month,
            day: *day,
            hour: *hour,
            minute: *minute,
            second: rest.first().copied().unwrap_or(0),
        };
        let fits = (1..=12).contains(month)
            && (1..=time.days_of(*month)).contains(day)
            && *hour < 24
            && *minute < 60
            && time.second < 60
            && *year > 0;
        if fits { Ok(time) } else { Err(wrong()) }
    }

    fn leap(self) -> bool {
        (self.year.is_multiple_of(4) && !self.year.is_multiple_of(100))
            || self.year.is_multiple_of(400)
    }

    fn days_of(self, month: u32) -> u32 {
        match month {
            2 => 28 + u32::from(self.leap()),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Day of the year, from 1.
    fn of_year(self) -> u32 {
        (1..self.month).map(|month| self.days_of(month)).sum::<u32>() + self.day
    }

    /// Day of the week, 0 for Monday.
    fn of_week(self) -> usize {
        let before = self.year - 1;
        let days = 365 * before + before / 4 - before / 100 + before / 400 + self.of_year() - 1;
        (days % 7) as usize // 1 January of year 1 was a Monday
    }

    /// Python's `strftime` in the C locale.
    pub(super) fn format(&self, format: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut signs = format.chars();
        while let Some(sign) = signs.next() {
            if sign != '%' {
                out.push(sign);
                continue;
            }
            let month = MONTHS[self.month as usize - 1];
            let day = DAYS[self.of_week()];
            let twelve = (self.hour + 11) % 12 + 1;
            let part = match signs.next() {
                Some('Y') => self.year.to_string(),
                Some('y') => format!("{:02}", self.year % 100),
                Some('m') => format!("{:02}", self.month),
                Some('B') => month.to_string(),
                Some('b') => month[..3].to_string(),
                Some('d') => format!("{:02}", self.day),
                Some('j') => format!("{:03}", self.of_year()),
                Some('A') => day.to_string(),
                Some('a') => day[..3].to_string(),
                Some('H') => format!("{:02}", self.hour),
                Some('I') => format!("{twelve:02}"),
                Some('M') => format!("{:02}", self.minute),
                Some('S') => format!("{:02}", self.second),
                Some('p') => if self.hour < 12 { "AM" } else { "PM" }.to_string(),
                Some('%') => "%".to_string(),
                other => {
                    let code = other.map_or(String::new(), |one| one.to_string());
                    return Err(format!(
                        "it asks for the time with '%{code}'; known are \
                         %Y %y %m %B %b %d %j %A %a %H %I %M %S %p"
                    ));
                }
            };
            out.push_str(&part);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn every_code_is_written_as_python_does() {
        let time = Time::parse("2024-02-29T15:04:05").expect("a leap day");
        // Right side: datetime(2024, 2, 29, 15, 4, 5).strftime(…) of Python 3.12.
        let text = time.format("%Y %y %m %B %b %d %j %A %a %H %I %M %S %p %%");
        assert_eq!(
            text.as_deref(),
            Ok("2024 24 02 February Feb 29 060 Thursday Thu 15 03 04 05 PM %")
        );
        let midnight = Time::parse("2000-12-31").expect("a date");
        assert_eq!(midnight.format("%I %p %j %A").as_deref(), Ok("12 AM 366 Sunday"));
    }

    #[test]
    fn what_is_no_time_and_unknown_codes_are_refused() {
        for text in [
            "",
            "2024-02-30",
            "2023-02-29",
            "2024-1-1",
            "2024-01-01T24:00",
            "2024-01-01T12:00:00Z",
            "2024-01-01T12",
        ] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
        let time = Time::parse("2024-01-01 12:00").expect("a time");
        assert!(time.format("%c").is_err());
        assert!(time.format("%-d").is_err());
        assert!(time.format("%").is_err());
    }
}
