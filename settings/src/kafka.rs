//! Brokers, topics, groups and librdkafka's own options, checked as text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A comma-separated list of `host:port` that a client starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brokers(String);

/// Why a list of brokers was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no broker address: use HOST:PORT, several separated by commas")]
pub struct BrokersError(String);

impl FromStr for Brokers {
    type Err = BrokersError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut addresses = Vec::new();
        for address in text.split(',') {
            let address = address.trim();
            let valid = address.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty()
                    && !host.contains(char::is_whitespace)
                    && !host.contains('/')
                    && port.parse::<u16>().is_ok_and(|port| port > 0)
            });
            if !valid {
                return Err(BrokersError(address.to_owned()));
            }
            addresses.push(address);
        }
        Ok(Self(addresses.join(",")))
    }
}

impl Brokers {
    /// The list as librdkafka's `bootstrap.servers` takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Brokers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A topic's name: 1 to 249 of `a-z A-Z 0-9 . _ -`, and neither `.` nor `..`, as Kafka has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicName(String);

/// Why a topic's name was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no topic name: use 1 to 249 letters, digits, '.', '_' or '-'")]
pub struct TopicNameError(String);

impl FromStr for TopicName {
    type Err = TopicNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = (1..=249).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && !matches!(text, "." | "..");
        if legal {
            Ok(Self(text.to_owned()))
        } else {
            Err(TopicNameError(text.to_owned()))
        }
    }
}

impl TopicName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One of librdkafka's options, `key=value`. `Debug` shows the key alone: a value may be a
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaOption {
    /// librdkafka's name of the option.
    pub key: String,
    /// Its value, as librdkafka reads it.
    pub value: String,
}

/// Why one of librdkafka's options was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KafkaOptionError {
    /// Not of the form `key=value`. Does not quote the text, which may hold a password.
    #[error("a Kafka option must have the form KEY=VALUE, for example security.protocol=SSL")]
    Form,
    /// An option that correctness relies on.
    #[error("{0} may not be set: Ordertally sets it itself and relies on it")]
    Protected(String),
}

impl FromStr for KafkaOption {
    type Err = KafkaOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or(KafkaOptionError::Form)?;
        let key = key.trim();
        let legal = !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !legal {
            return Err(KafkaOptionError::Form);
        }
        Ok(Self {
            key: key.to_owned(),
            value: value.trim().to_owned(),
        })
    }
}

impl fmt::Debug for KafkaOption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}=…", self.key)
    }
}

/// librdkafka's options as a program takes them: `--kafka-config KEY=VALUE`, repeatable, or the
/// variable `KAFKA_CONFIG` as a comma-separated list.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct KafkaOptions {
    /// An option of librdkafka, such as security.protocol=SASL_SSL; repeatable. Those that
    /// correctness relies on are refused
    #[arg(
        long = "kafka-config",
        env = "KAFKA_CONFIG",
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        hide_env_values = true,
        global = true
    )]
    options: Vec<KafkaOption>,
}

impl KafkaOptions {
    /// The options, unless one of them is in `protected`.
    ///
    /// # Errors
    ///
    /// [`KafkaOptionError::Protected`] names the first option that the program keeps for itself.
    pub fn checked(&self, protected: &[&str]) -> Result<&[KafkaOption], KafkaOptionError> {
        match self
            .options
            .iter()
            .find(|option| protected.contains(&option.key.as_str()))
        {
            Some(option) => Err(KafkaOptionError::Protected(option.key.clone())),
            None => Ok(&self.options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_hosts_with_ports() {
        let brokers: Brokers = "a:9092, [::1]:9093".parse().expect("two good addresses");
        assert_eq!(brokers.as_str(), "a:9092,[::1]:9093");
        for wrong in [
            "",
            "a",
            "a:",
            "a:0",
            "a:99999",
            ":9092",
            "a:9092,",
            "http://a:9092",
        ] {
            assert!(wrong.parse::<Brokers>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn topics_have_kafkas_names() {
        assert!("orders.v1_x-y".parse::<TopicName>().is_ok());
        let long = "x".repeat(250);
        for wrong in ["", ".", "..", "a b", "ä", long.as_str()] {
            assert!(wrong.parse::<TopicName>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn options_are_pairs_whose_values_do_not_print() {
        let option: KafkaOption = "sasl.password=a=b".parse().expect("a good option");
        assert_eq!(
            (option.key.as_str(), option.value.as_str()),
            ("sasl.password", "a=b")
        );
        assert!(!format!("{option:?}").contains("a=b"));
        assert_eq!("s3cret".parse::<KafkaOption>(), Err(KafkaOptionError::Form));
        assert_eq!("=x".parse::<KafkaOption>(), Err(KafkaOptionError::Form));
    }

    #[test]
    fn protected_options_are_refused_by_name() {
        let options = KafkaOptions {
            options: vec!["enable.auto.commit=true".parse().expect("a good option")],
        };
        assert_eq!(
            options.checked(&["enable.auto.commit"]),
            Err(KafkaOptionError::Protected("enable.auto.commit".into()))
        );
        assert_eq!(options.checked(&["group.id"]).map(<[_]>::len), Ok(1));
    }
}
