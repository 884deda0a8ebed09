// The sample portal's prescriptions: some that are there from the start, and those that were written since. They live in memory,
// a list for each organization and patient, so that what is written in a pane is there in a tab and after a new sign-in.

import { z } from 'zod';
import { nameOf, type Patient } from '../patients.ts';

export type Prescription = {
  prescription_id: string;
  medicine: string;
  directions: string;
  quantity: number;
  repeats: number;
  /** YYYY-MM-DD */
  prescribed_on: string;
  prescriber: string;
};

export type Order = Pick<Prescription, 'medicine' | 'directions' | 'quantity' | 'repeats'>;

/** `holds`: what a patient may be allergic to. */
const MEDICINES: readonly { name: string; holds?: string }[] = [
  { name: 'Amoxicillin 500 mg capsule', holds: 'Penicillin' },
  { name: 'Aspirin 100 mg tablet', holds: 'Aspirin' },
  { name: 'Atorvastatin 20 mg tablet' },
  { name: 'Codeine 30 mg tablet', holds: 'Codeine' },
  { name: 'Doxycycline 100 mg tablet' },
  { name: 'Ibuprofen 400 mg tablet' },
  { name: 'Metformin 500 mg tablet' },
  { name: 'Paracetamol 500 mg tablet' },
  { name: 'Ramipril 5 mg capsule' },
  { name: 'Salbutamol 100 microgram inhaler' },
  { name: 'Trimethoprim with sulfamethoxazole tablet', holds: 'Sulfonamides' },
];

export const MEDICINE_NAMES: readonly string[] = MEDICINES.map(({ name }) => name);

const LONG_TERM: Record<string, Order> = {
  Hypertension: {
    medicine: 'Ramipril 5 mg capsule',
    directions: 'One capsule in the morning',
    quantity: 30,
    repeats: 5,
  },
  Asthma: {
    medicine: 'Salbutamol 100 microgram inhaler',
    directions: 'Two puffs when needed, up to four times a day',
    quantity: 1,
    repeats: 2,
  },
  'Type 2 diabetes': {
    medicine: 'Metformin 500 mg tablet',
    directions: 'One tablet twice a day with food',
    quantity: 60,
    repeats: 5,
  },
  Osteoarthritis: {
    medicine: 'Paracetamol 500 mg tablet',
    directions: 'Two tablets every six hours when needed',
    quantity: 100,
    repeats: 3,
  },
};

function wholeNumber(least: number, most: number) {
  const message = `Enter a whole number from ${least} to ${most}`;
  return z
    .string(message)
    .trim()
    .regex(/^\d{1,4}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message);
}

const ORDER = z.object({
  medicine: z.string('Choose a medicine').refine((name) => MEDICINE_NAMES.includes(name), 'Choose a medicine'),
  directions: z
    .string('Say how it is to be taken')
    .trim()
    .min(3, 'Say how it is to be taken')
    .max(200, 'Use at most 200 characters'),
  quantity: wholeNumber(1, 500),
  repeats: wholeNumber(0, 11),
});

export type OrderField = keyof Order;
/** A sentence for each field that is wrong. */
export type OrderErrors = Partial<Record<OrderField, string>>;
export type ParsedOrder = { ok: true; order: Order } | { ok: false; errors: OrderErrors };

function isOrderField(name: unknown): name is OrderField {
  return typeof name === 'string' && name in ORDER.shape;
}

function allergyError({ medicine }: Order, patient: Patient): string | undefined {
  const holds = MEDICINES.find(({ name }) => name === medicine)?.holds;
  if (holds === undefined || !patient.allergies.includes(holds)) return undefined;
  return `${nameOf(patient)} is allergic to ${holds.toLowerCase()}: choose another medicine`;
}

/** What a form or a script sends: each member a text. */
export function parseOrder(fields: unknown, patient: Patient): ParsedOrder {
  const parsed = ORDER.safeParse(fields);
  if (!parsed.success) {
    const errors: OrderErrors = {};
    for (const { path, message } of parsed.error.issues) if (isOrderField(path[0])) errors[path[0]] ??= message;
    return { ok: false, errors };
  }
  const medicine = allergyError(parsed.data, patient);
  return medicine === undefined ? { ok: true, order: parsed.data } : { ok: false, errors: { medicine } };
}

function sampleFor({ conditions }: Patient): Prescription[] {
  return conditions.flatMap((condition, index) => {
    const order = LONG_TERM[condition];
    const prescription_id = `sample-${index + 1}`;
    return order === undefined
      ? []
      : [
          {
            prescription_id,
            ...order,
            prescribed_on: '2026-02-0' + String(index + 2),
            prescriber: 'Sample Prescriber',
          },
        ];
  });
}

const MOST_LISTS = 1_000;
const MOST_PRESCRIPTIONS = 50;

export type Shelf = { organization_id: string; patient: Patient };

export type Prescriptions = {
  /** Newest first. */
  list(shelf: Shelf): readonly Prescription[];
  add(shelf: Shelf, prescription: Omit<Prescription, 'prescription_id'>): Prescription;
};

export function createPrescriptions(): Prescriptions {
  const lists = new Map<string, Prescription[]>();
  let count = 0;

  function listOf({ organization_id, patient }: Shelf): Prescription[] {
    return lists.get(`${organization_id}/${patient.patient_id}`) ?? sampleFor(patient);
  }

  return {
    list: listOf,
    add(shelf, written) {
      count += 1;
      const prescription = { prescription_id: `written-${count}`, ...written };
      const key = `${shelf.organization_id}/${shelf.patient.patient_id}`;
      const list = [prescription, ...listOf(shelf)].slice(0, MOST_PRESCRIPTIONS);
      // Behind all others, so that the list that goes when there are too many is the one that nobody wrote to for longest.
      lists.delete(key);
      lists.set(key, list);
      for (const [oldest] of lists) if (lists.size > MOST_LISTS) lists.delete(oldest);
      return prescription;
    },
  };
}
