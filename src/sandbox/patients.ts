// The sample patients of the sandbox. The sample portal and the sample practice know the same ones, by the same ids, as two
// systems do that exchange records.

export type Patient = {
  patient_id: string;
  given_name: string;
  family_name: string;
  /** YYYY-MM-DD */
  date_of_birth: string;
  sex: 'Female' | 'Male' | 'Other';
  allergies: readonly string[];
  conditions: readonly string[];
};

export const SAMPLE_PATIENTS: readonly Patient[] = [
  {
    patient_id: '1234-5678-3456-2345',
    given_name: 'Jo',
    family_name: 'Citizen',
    date_of_birth: '1984-03-12',
    sex: 'Female',
    allergies: ['Penicillin'],
    conditions: ['Hypertension', 'Asthma'],
  },
  {
    patient_id: '2345-6789-4567-3456',
    given_name: 'Casey',
    family_name: 'Sample',
    date_of_birth: '1951-11-30',
    sex: 'Male',
    allergies: ['Sulfonamides', 'Latex'],
    conditions: ['Type 2 diabetes', 'Atrial fibrillation'],
  },
  {
    patient_id: '3456-7890-5678-4567',
    given_name: 'Morgan',
    family_name: 'Example',
    date_of_birth: '1997-07-04',
    sex: 'Other',
    allergies: [],
    conditions: ['Migraine'],
  },
  {
    patient_id: '4567-8901-6789-5678',
    given_name: 'Riley',
    family_name: 'Specimen',
    date_of_birth: '2016-01-23',
    sex: 'Male',
    allergies: ['Peanuts'],
    conditions: ['Eczema'],
  },
  {
    patient_id: '5678-9012-7890-6789',
    given_name: 'Quinn',
    family_name: 'Placeholder',
    date_of_birth: '1969-09-18',
    sex: 'Female',
    allergies: [],
    conditions: [],
  },
  {
    patient_id: '6789-0123-8901-7890',
    given_name: 'Jamie',
    family_name: 'Testcase',
    date_of_birth: '1978-05-02',
    sex: 'Male',
    allergies: ['Aspirin'],
    conditions: ['Gout'],
  },
  {
    patient_id: '7890-1234-9012-8901',
    given_name: 'Taylor',
    family_name: 'Demonstration',
    date_of_birth: '1942-12-09',
    sex: 'Female',
    allergies: ['Codeine', 'Iodine contrast'],
    conditions: ['Osteoarthritis', 'Hypothyroidism'],
  },
  {
    patient_id: '8901-2345-0123-9012',
    given_name: 'Avery',
    family_name: 'Mockup',
    date_of_birth: '2003-08-27',
    sex: 'Other',
    allergies: [],
    conditions: ['Seasonal rhinitis'],
  },
];

export function findPatient(patient_id: string): Patient | undefined {
  return SAMPLE_PATIENTS.find((patient) => patient.patient_id === patient_id);
}

/** Links may lead to any patient: one that nobody knows is a sample as well. */
export function samplePatient(patient_id: string): Patient {
  const generic = {
    given_name: 'Sample',
    family_name: 'Patient',
    date_of_birth: '1980-01-01',
    sex: 'Other',
    allergies: [],
    conditions: [],
  } as const;
  return findPatient(patient_id) ?? { patient_id: patient_id.slice(0, 64), ...generic };
}

export function nameOf({ given_name, family_name }: Pick<Patient, 'given_name' | 'family_name'>): string {
  return `${given_name} ${family_name}`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `1984-03-12` becomes "12 March 1984". */
export function dayInWords(day: string): string {
  return DAY.format(Date.parse(`${day}T00:00:00Z`));
}

/** Full years on the day of `now`, in milliseconds since 1970. */
export function ageAt(date_of_birth: string, now: number): number {
  const today = new Date(now).toISOString().slice(0, 10);
  const years = Number(today.slice(0, 4)) - Number(date_of_birth.slice(0, 4));
  return today.slice(5) < date_of_birth.slice(5) ? years - 1 : years;
}
