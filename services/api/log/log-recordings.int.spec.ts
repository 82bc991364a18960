import 'reflect-metadata';
import { type Consumption, SegmentReader } from '#event-log';
import { topics } from '#events';
import { RecordedSession } from '../fixtures/recorded.js';
import { Rig } from '../fixtures/rig.js';
import { LogRecordings } from './log-recordings.js';
import { Positions } from './positions.js';
import { SessionIndex } from './session-index.js';

const session = new RecordedSession('01936f00-0000-7000-8000-000000000001').read(['Ada']);
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ before: session.drafts });
});
afterAll(() => rig.stop());

/** Somebody looks at something after the end of the api's own log was looked up, and before it is said where to begin. */
class Overtaken extends SegmentReader {
  override consume(consumption: Consumption): Promise<void> {
    const from: Consumption['from'] = async (topic, partition) => {
      if (topic === topics.events && partition === rig.ownLog) {
        await rig.get('viewer', 'policy');
        await rig.known();
      }
      return consumption.from(topic, partition);
    };
    return super.consume({ ...consumption, from });
  }
}

describe('a session read from the log', () => {
  it('that lives is whole while the api writes on in its own', async () => {
    const reader = new Overtaken({ dataDir: rig.dataDir });
    const recordings = new LogRecordings(reader, rig.app.get(SessionIndex), rig.app.get(Positions));
    const seqs = (await recordings.recording(session.id))?.map(({ event }) => event.seq);
    expect(seqs).toEqual(session.drafts.map((_, seq) => seq));
    await reader.close();
  });
});
