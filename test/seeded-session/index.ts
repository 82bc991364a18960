export { type Answer, claimed, question, questionText } from './question.js';
export { copyRows, generator, type Move, move, type Random } from './move.js';
