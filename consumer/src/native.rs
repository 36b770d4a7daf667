//! The few calls to librdkafka that the `rdkafka` crate does not wrap: a topic's id, whether the
//! client is in its group, and headers whose names are not UTF-8 (which the crate's own accessor
//! panics on).
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::ptr;
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka_sys as rdsys;
use rdkafka_sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR;

use crate::record::Header;

/// What the broker says of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// The topic's id in Kafka's base64 form. A topic that is deleted and made anew has another.
    pub topic_id: String,
    /// How many partitions it has.
    pub partitions: i32,
}

/// Frees one of librdkafka's objects when it goes out of scope.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the pointer came from the function that pairs with this destructor, and
            // nothing else frees it.
            unsafe { (self.1)(self.0) }
        }
    }
}

/// Asks the broker for a topic's id and partitions; `None` when there is no such topic. Blocks for
/// `timeout` at most.
pub fn describe_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<Option<TopicDescription>> {
    let failed = |code: RDKafkaErrorCode| KafkaError::AdminOp(code);
    let name = CString::new(topic).map_err(|_| failed(RDKafkaErrorCode::InvalidArgument))?;
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let handle = client.native_ptr();
    // SAFETY: `handle` lives as long as `client`. Every object made here is owned by an `Owned`
    // and outlives its use; the pointers read from the event are only used while it lives, and
    // are checked for null where librdkafka may give null.
    unsafe {
        let queue = Owned(
            rdsys::rd_kafka_queue_new(handle),
            rdsys::rd_kafka_queue_destroy,
        );
        let options = Owned(
            rdsys::rd_kafka_AdminOptions_new(
                handle,
                rdsys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            ),
            rdsys::rd_kafka_AdminOptions_destroy,
        );
        let mut error_text = [0; 256];
        let code = rdsys::rd_kafka_AdminOptions_set_request_timeout(
            options.0,
            timeout_ms,
            error_text.as_mut_ptr(),
            error_text.len(),
        );
        if code != NO_ERROR {
            return Err(failed(code.into()));
        }
        let mut names = [name.as_ptr()];
        let topics = Owned(
            rdsys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1),
            rdsys::rd_kafka_TopicCollection_destroy,
        );
        rdsys::rd_kafka_DescribeTopics(handle, topics.0, options.0, queue.0);
        let event = Owned(
            rdsys::rd_kafka_queue_poll(queue.0, timeout_ms),
            rdsys::rd_kafka_event_destroy,
        );
        if event.0.is_null() {
            return Err(failed(RDKafkaErrorCode::OperationTimedOut));
        }
        let code = rdsys::rd_kafka_event_error(event.0);
        if code != NO_ERROR {
            return Err(failed(code.into()));
        }
        let result = rdsys::rd_kafka_event_DescribeTopics_result(event.0);
        let mut count = 0;
        let descriptions = rdsys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        if descriptions.is_null() || count != 1 {
            return Err(failed(RDKafkaErrorCode::BadMessage));
        }
        described(*descriptions)
    }
}

/// # Safety
///
/// `description` belongs to a result that lives for the length of the call.
unsafe fn described(
    description: *const rdsys::rd_kafka_TopicDescription_t,
) -> KafkaResult<Option<TopicDescription>> {
    // SAFETY: as the caller promises; what librdkafka gives back lives as long as `description`.
    unsafe {
        let code = rdsys::rd_kafka_error_code(rdsys::rd_kafka_TopicDescription_error(description));
        match RDKafkaErrorCode::from(code) {
            RDKafkaErrorCode::NoError => {}
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                return Ok(None);
            }
            other => return Err(KafkaError::AdminOp(other)),
        }
        let id =
            rdsys::rd_kafka_Uuid_base64str(rdsys::rd_kafka_TopicDescription_topic_id(description));
        if id.is_null() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::BadMessage));
        }
        let mut partitions = 0;
        rdsys::rd_kafka_TopicDescription_partitions(description, &raw mut partitions);
        Ok(Some(TopicDescription {
            topic_id: CStr::from_ptr(id).to_string_lossy().into_owned(),
            partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
        }))
    }
}

/// Whether the group has taken the client in: its generation (member epoch, in a KIP-848 group) is
/// known.
pub fn is_member<C: ClientContext>(client: &Client<C>) -> bool {
    // SAFETY: the handle lives as long as `client`; the metadata is owned here and outlives its
    // use, and is checked for null.
    unsafe {
        let metadata = Owned(
            rdsys::rd_kafka_consumer_group_metadata(client.native_ptr()),
            rdsys::rd_kafka_consumer_group_metadata_destroy,
        );
        !metadata.0.is_null()
            && rdsys::rd_kafka_consumer_group_metadata_generation_id(metadata.0) > 0
    }
}

/// A record's headers, names as bytes.
pub fn headers(message: &BorrowedMessage<'_>) -> Vec<Header> {
    let mut found = Vec::new();
    let mut list = ptr::null_mut();
    // SAFETY: the message's pointer lives as long as `message`, and so do its headers and the
    // names and values that are copied out of them here.
    unsafe {
        if rdsys::rd_kafka_message_headers(message.ptr(), &raw mut list) != NO_ERROR {
            return found;
        }
        for index in 0..rdsys::rd_kafka_header_cnt(list) {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            let code = rdsys::rd_kafka_header_get_all(
                list,
                index,
                &raw mut name,
                &raw mut value,
                &raw mut size,
            );
            if code != NO_ERROR {
                break;
            }
            found.push(Header {
                name: CStr::from_ptr(name).to_bytes().into(),
                value: (!value.is_null())
                    .then(|| std::slice::from_raw_parts(value.cast::<u8>(), size).into()),
            });
        }
    }
    found
}
