import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The doc comments of a schema's fields, by the field's path: `client.tls`, `statements[].verb`. */
export type Comments = ReadonlyMap<string, string>;

/**
 * Reads the doc comments of zod schemas from their sources: what a schema promises stands above its fields, once, and no schema
 * carries it at run time.
 */
export class SchemaComments {
  private readonly constants = new Map<string, ts.VariableDeclaration>();

  /** @param folder the sources of one room */
  constructor(folder: string) {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))) {
      const file = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.Latest, true);
      for (const statement of file.statements.filter(ts.isVariableStatement))
        for (const constant of statement.declarationList.declarations) this.constants.set(constant.name.getText(), constant);
    }
  }

  /** What the comments say about the schema of this name, and all that it is made of. */
  of(constant: string): Comments {
    const found = new Map<string, string>();
    const initializer = this.constants.get(constant)?.initializer;
    if (initializer) this.gather(initializer, '', found);
    return found;
  }

  private gather(schema: ts.Expression, path: string, found: Map<string, string>): void {
    if (ts.isIdentifier(schema)) {
      const constant = this.constants.get(schema.text);
      if (!constant?.initializer) return;
      if (path !== '' && !found.has(path)) note(constant.parent.parent, path, found);
      this.gather(constant.initializer, path, found);
    } else if (ts.isObjectLiteralExpression(schema)) {
      for (const field of schema.properties.filter(ts.isPropertyAssignment)) {
        const inside = path === '' ? field.name.getText() : `${path}.${field.name.getText()}`;
        note(field, inside, found);
        this.gather(field.initializer, inside, found);
      }
    } else if (ts.isArrowFunction(schema)) {
      if (ts.isExpression(schema.body)) this.gather(schema.body, path, found);
    } else if (ts.isCallExpression(schema)) this.gatherCall(schema, path, found);
  }

  private gatherCall({ expression, arguments: given }: ts.CallExpression, path: string, found: Map<string, string>): void {
    const called = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
    const last = given.at(-1);
    if (called === 'array' && last) this.gather(last, `${path}[]`, found);
    else if (['strictObject', 'envelope', 'writtenOnce'].includes(called) && last) this.gather(last, path, found);
    else if (ts.isPropertyAccessExpression(expression)) this.gather(expression.expression, path, found); // x.optional()
  }
}

function note(node: ts.Node, path: string, found: Map<string, string>): void {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment);
  if (text !== undefined) found.set(path, text.replace(/\s+/g, ' '));
}
