// The examples in openapi.yaml are true: of their schemas, and of the problems that there are.

import { expect, test } from 'vitest';
import { PROBLEMS } from '../../src/foundation/problem-catalogue.ts';
import { faultsOf } from '../support/contract.ts';
import { below, membersOf, objectsBelow, type Place, ROOT } from '../support/openapi.ts';

type Example = { pointer: string; schema: Place; value: unknown };

/** The examples of parameters, headers and bodies (`example`, or `examples` by name), and those of schemas. */
function examplesOf(place: Place): Example[] {
  const { pointer, value } = place;
  if ('example' in value) return [{ pointer, schema: below(place, 'schema'), value: value.example }];
  if ('schema' in value) {
    return membersOf(place, 'examples').map(([, example]) => {
      const { value: body } = example.value as { value: unknown };
      return { pointer: example.pointer, schema: below(place, 'schema'), value: body };
    });
  }
  const { examples } = value as { examples?: unknown };
  return Array.isArray(examples) ? examples.map((one: unknown) => ({ pointer, schema: place, value: one })) : [];
}

const EXAMPLES = objectsBelow(ROOT).flatMap(examplesOf);

test('every example fits its schema', () => {
  expect(EXAMPLES.length).toBeGreaterThan(40);
  const wrong = EXAMPLES.map(({ pointer, schema: place, value }) => ({ pointer, faults: faultsOf(place, value) }));
  expect(wrong.filter(({ faults }) => faults.length > 0)).toEqual([]);
});

test('an example that does not fit its schema is noticed', () => {
  expect(faultsOf(below(ROOT, 'components', 'schemas', 'SsoRequest'), { redirect_path: '' })).toEqual([
    '/redirect_path must NOT have fewer than 1 characters',
  ]);
  expect(faultsOf(below(ROOT, 'components', 'schemas', 'Alive'), { status: 'ok', more: 1 })).toHaveLength(1);
});

const CATALOGUE = new Map<string, { status: number; title: string; fix: string }>(Object.entries(PROBLEMS));

const slugOf = (type: string) => type.split('/').at(-1) ?? '';

type ProblemBody = { type: string; title: string; status?: number };

test('the problems in examples are those of the catalogue', () => {
  const problems = EXAMPLES.flatMap(({ value }) => {
    const body = value as { error?: ProblemBody; statusCode?: number } & Partial<ProblemBody>;
    const { type, title, status = body.statusCode } = body.error ?? body;
    return type === undefined ? [] : [{ slug: slugOf(type), title, status }];
  });
  expect(problems.length).toBeGreaterThan(10);
  for (const { slug, title, status } of problems) {
    expect({ slug, ...CATALOGUE.get(slug) }).toMatchObject({ slug, title, status });
  }
});

type Told = { type: string; title: string; fix: string };

/** The problems that receipts tell of, with what to do about them. */
function toldIn(value: unknown): Told[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && 'fix' in value ? [value as Told] : [];
  return [...own, ...Object.values(value).flatMap(toldIn)];
}

test('and so are those in receipts', () => {
  const told = EXAMPLES.flatMap(({ value }) => toldIn(value));
  expect(told.length).toBeGreaterThan(1);
  for (const { type, title, fix } of told) expect(CATALOGUE.get(slugOf(type))).toMatchObject({ title, fix });
});
