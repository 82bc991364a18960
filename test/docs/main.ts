import { writeFileSync } from 'node:fs';
import { generated } from './generated.js';

for (const { file, text } of generated()) writeFileSync(file, text);
