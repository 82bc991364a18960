import { run } from './run.js';
import { builtPrograms } from './services.js';

await run(builtPrograms);
