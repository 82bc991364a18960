/** The topics of the log. Names end in the number of their format. */
export const topics = {
  events: 'sallyport.events.v1',
  parts: 'sallyport.parts.v1',
  control: 'sallyport.control.v1',
  ocsfDatastoreActivity: 'sallyport.ocsf.datastore_activity.v1',
  dlq: 'sallyport.dlq.v1',
} as const;
export type Topic = (typeof topics)[keyof typeof topics];
