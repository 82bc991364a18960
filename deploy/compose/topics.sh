#!/bin/sh
# Makes the topics of the event log where they are not there yet. With three brokers or more: REPLICATION=3 MIN_ISR=2, the default, so
# that what is acknowledged survives a broker.
set -eu
: "${BROKERS:?host:port of a broker}"
replication=${REPLICATION:-3}
min_isr=${MIN_ISR:-2}

topic() { # name partitions retention.ms
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BROKERS" --create --if-not-exists --topic "$1" \
    --partitions "$2" --replication-factor "$replication" \
    --config cleanup.policy=delete --config retention.ms="$3" --config min.insync.replicas="$min_isr" \
    --config unclean.leader.election.enable=false --config max.message.bytes=1048588
}

for_ever=-1
week=604800000
month=2592000000

# Keyed by session: an event and its parts share the number of their partition, so both have as many.
topic sallyport.events.v1 12 $for_ever
topic sallyport.parts.v1 12 $for_ever
# Every proxy reads all of it, in one order.
topic sallyport.control.v1 1 $for_ever
topic sallyport.ocsf.datastore_activity.v1 12 $week
topic sallyport.dlq.v1 1 $month
